//! What waits for one receiver while it is busy with what it was handed before. It owns the bound on it; it must not
//! know what is handed over, or how.

use std::collections::VecDeque;

/// What may wait for one receiver, in bytes.
const MOST_WAITING_BYTES: usize = 4 * 1_048_576;

/// What is handed over at once, in bytes, unless one thing alone is larger.
const MOST_BYTES_AT_ONCE: usize = 1_048_576;

/// Things on their way to one receiver, in order.
#[derive(Debug)]
pub struct Lane<T> {
    waiting: VecDeque<(T, usize)>,
    bytes: usize,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), bytes: 0 }
    }
}

impl<T> Lane<T> {
    /// Adds something of some `bytes`. What has waited longest falls out when more would wait than may, and is returned:
    /// a receiver that is that far behind has to see for itself what it missed.
    pub fn offer(&mut self, thing: T, bytes: usize) -> Vec<T> {
        self.waiting.push_back((thing, bytes));
        self.bytes += bytes;
        let mut fallen = vec![];
        while self.bytes > MOST_WAITING_BYTES && self.waiting.len() > 1 {
            fallen.extend(self.pop());
        }
        fallen
    }

    /// Takes out what is to be handed over next: all that waits, unless it is very much.
    pub fn take(&mut self) -> Vec<T> {
        let mut taken: Vec<T> = self.pop().into_iter().collect();
        let mut bytes = 0;
        while let Some((_, next)) = self.waiting.front() {
            bytes += next;
            if bytes > MOST_BYTES_AT_ONCE {
                break;
            }
            taken.extend(self.pop());
        }
        taken
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn pop(&mut self) -> Option<T> {
        let (thing, bytes) = self.waiting.pop_front()?;
        self.bytes -= bytes;
        Some(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gathers_while_the_receiver_is_busy_goes_together() {
        let mut lane = Lane::default();
        assert!(lane.take().is_empty());
        for thing in 0..3 {
            assert!(lane.offer(thing, 10).is_empty());
        }
        assert_eq!((lane.len(), lane.take()), (3, vec![0, 1, 2]));
        assert!(lane.is_empty());
    }

    #[test]
    fn a_receiver_that_is_far_behind_loses_the_oldest() {
        let mut lane = Lane::default();
        for thing in 0..4 {
            assert!(lane.offer(thing, 1_048_576).is_empty());
        }
        assert_eq!(lane.offer(4, 1_048_576), [0]);
        assert_eq!(lane.take(), [1, 2], "one, and a mebibyte more");
        let mut huge = Lane::default();
        assert!(huge.offer(0, 9 * 1_048_576).is_empty());
        assert_eq!(huge.take(), [0]);
    }
}
