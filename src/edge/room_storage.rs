//! A room's storage as a whole: its tables and its alarm. It must not decide what is stored.

use worker::State;

use super::object_error::ObjectError;
use super::runtime;
use super::store::history::HistoryTable;
use super::store::relays::RelaysTable;
use super::store::room::RoomTable;
use crate::core::event::Effect;
use crate::core::history::StoredBatch;
use crate::core::room::Stored;
use crate::core::time::UnixMillis;

/// The storage of one room.
pub struct RoomStorage {
    room: RoomTable,
    history: HistoryTable,
    relays: RelaysTable,
}

impl RoomStorage {
    /// The storage of a room, whether anything is stored yet or not.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let sql = state.storage().sql();
        Self {
            room: RoomTable::of(sql.clone()),
            history: HistoryTable::of(sql.clone()),
            relays: RelaysTable::of(sql),
        }
    }

    /// What of the room outlived memory.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn load(&self, now: UnixMillis) -> Result<Stored, ObjectError> {
        let relays = self.relays.load()?;
        let Some((founding, kept_until)) = self.room.load(now)? else {
            return Ok(Stored { relays, ..Stored::default() });
        };
        let (founding, batches) = (Some(founding), self.history.load()?);
        Ok(Stored { founding, kept_until, batches, relays })
    }

    /// Stores a batch.
    ///
    /// # Errors
    /// What the storage throws.
    pub fn save(&self, batch: &StoredBatch) -> Result<(), ObjectError> {
        Ok(self.history.save(batch)?)
    }

    /// Runs an effect on storage as a whole.
    ///
    /// # Errors
    /// What the storage throws; [`ObjectError::Misplaced`] for any other effect.
    pub async fn keep_house(&self, state: &State, effect: &Effect) -> Result<(), ObjectError> {
        match effect {
            Effect::Forget => state.storage().delete_all().await?,
            Effect::Found(founding) => {
                self.history.create()?;
                self.room.found(*founding)?;
            }
            Effect::Keep { until } => {
                self.room.keep(*until)?;
                state.storage().set_alarm(runtime::alarm_time(*until)).await?;
            }
            Effect::Wake { at } => state.storage().set_alarm(runtime::alarm_time(*at)).await?,
            Effect::Enlist { relay, lease } => self.relays.save(*relay, *lease)?,
            Effect::Dismiss { relay } => self.relays.delete(*relay)?,
            _ => return Err(ObjectError::Misplaced),
        }
        Ok(())
    }
}
