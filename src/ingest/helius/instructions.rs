//! The instructions of a transaction, those that others called among them. It must not know what a program does.

use std::borrow::Cow;

use serde::Deserialize;

use crate::wire::object::Name;

/// The longest data that is read, in characters of base58: a transaction has at most 1,232 bytes.
const MAX_DATA: usize = 2_048;

/// The most that are read: the chain traces no more.
const MAX_INSTRUCTIONS: usize = 256;

/// One call of a program.
pub(super) struct Instruction<'a> {
    pub(super) program: Cow<'a, str>,
    pub(super) accounts: Vec<Cow<'a, str>>,
    data: Cow<'a, str>,
}

impl Instruction<'_> {
    /// Its data; `None` where that is no base58 or too long.
    pub(super) fn data(&self) -> Option<Vec<u8>> {
        (self.data.len() <= MAX_DATA).then(|| bs58::decode(self.data.as_ref()).into_vec().ok())?
    }

    pub(super) fn account(&self, place: usize) -> Option<&str> {
        self.accounts.get(place).map(AsRef::as_ref)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    program_id: Option<Name<'a>>,
    #[serde(borrow, default)]
    accounts: Option<Vec<Name<'a>>>,
    #[serde(borrow, default)]
    data: Option<Name<'a>>,
    #[serde(borrow, default)]
    inner_instructions: Option<Vec<Fields<'a>>>,
}

/// Reads them, each before those that it called; none where they are of another shape.
pub(super) fn read(json: Option<&str>) -> Vec<Instruction<'_>> {
    let fields: Vec<Fields<'_>> = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let mut instructions = Vec::with_capacity(fields.len());
    flatten(fields, &mut instructions);
    instructions.truncate(MAX_INSTRUCTIONS);
    instructions
}

/// As deep as JSON is read.
fn flatten<'a>(fields: Vec<Fields<'a>>, instructions: &mut Vec<Instruction<'a>>) {
    for Fields { program_id, accounts, data, inner_instructions } in fields {
        if let Some(Name(program)) = program_id {
            instructions.push(Instruction {
                program,
                accounts: accounts.unwrap_or_default().into_iter().map(|Name(account)| account).collect(),
                data: data.map_or(Cow::Borrowed(""), |Name(data)| data),
            });
        }
        flatten(inner_instructions.unwrap_or_default(), instructions);
    }
}
