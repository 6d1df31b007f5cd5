//! What the runtime gives besides requests and sockets: the time, random identifiers, variables. It must not know what
//! they are for.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use worker::{Date, DateInit, Env, Request, ScheduledTime};

use crate::core::place::Place;
use crate::core::time::UnixMillis;

#[wasm_bindgen]
extern "C" {
    /// 122 random bits, as a version 4 UUID.
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub fn random_uuid() -> String;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn fill_with_random(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// Random bytes, fit for secrets.
///
/// # Errors
/// What the runtime throws.
pub fn random_bytes<const COUNT: usize>() -> worker::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    fill_with_random(&mut bytes)?;
    Ok(bytes)
}

/// The time. The runtime stops its clock while code runs, so it moves only between events.
#[must_use]
pub fn now() -> UnixMillis {
    UnixMillis(Date::now().as_millis())
}

/// A time as alarms take it.
#[must_use]
pub fn alarm_time(at: UnixMillis) -> ScheduledTime {
    ScheduledTime::new(Date::from(DateInit::Millis(at.0)).into())
}

/// The time as `2024-01-01T00:00:00.000Z`.
#[must_use]
pub fn now_iso() -> String {
    js_sys::Date::new_0().to_iso_string().into()
}

/// A variable's text. One that wrangler.toml gives as a number or a boolean is read as its digits or its word.
#[must_use]
pub fn variable(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok()?;
    value
        .as_string()
        .or_else(|| value.as_f64().map(|number| number.to_string()))
        .or_else(|| value.as_bool().map(|boolean| boolean.to_string()))
}

/// Where a request comes from, as far as the platform says.
#[must_use]
pub fn place_of(request: &Request) -> Option<Place> {
    let location = Reflect::get(request.inner(), &"cf".into()).ok().filter(JsValue::is_object)?;
    let text = |name: &str| Reflect::get(&location, &name.into()).ok()?.as_string();
    let longitude = text("longitude").and_then(|text| text.parse().ok());
    Place::of(&text("continent")?, text("country").as_deref(), longitude)
}
