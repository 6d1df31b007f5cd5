//! What publishers have posted and the room has not yet given a place. It owns the bound on it; it must not know who
//! waits for an answer.

use std::collections::VecDeque;

use super::publication::Keyed;

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Publications.
    pub messages: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// What is taken out at once: one row of history, which may have 2 MB, and one frame for each subscriber that takes
/// several publications in one.
const BATCH: OutboxLimits = OutboxLimits { messages: 1_024, bytes: 1_048_576 };

/// One publisher's request among those that wait for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(pub u64);

/// Publications of one request, in the order in which they were posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Which request.
    pub id: PostId,
    /// What it posted.
    pub publications: Vec<Keyed>,
}

impl Post {
    fn bytes(&self) -> usize {
        self.publications.iter().map(Keyed::bytes).sum()
    }
}

/// Posts in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    posts: VecDeque<Post>,
    messages: usize,
    bytes: usize,
}

impl Outbox {
    /// Takes a post in, or gives it back when more would wait than may. An empty outbox takes any post.
    ///
    /// # Errors
    /// The post.
    pub fn put(&mut self, post: Post, limits: OutboxLimits) -> Result<(), Post> {
        let messages = self.messages + post.publications.len();
        let bytes = self.bytes + post.bytes();
        if !self.posts.is_empty() && (messages > limits.messages || bytes > limits.bytes) {
            return Err(post);
        }
        (self.messages, self.bytes) = (messages, bytes);
        self.posts.push_back(post);
        Ok(())
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.posts.is_empty()
    }

    /// How many publications wait, and their bytes.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.messages, self.bytes)
    }

    /// Takes out the posts of the next batch: all of them, unless they are very many. Whole posts, and at least one
    /// where there is one.
    pub fn take_batch(&mut self) -> Vec<Post> {
        let mut batch = Vec::new();
        let (mut messages, mut bytes) = (0, 0);
        while let Some(post) = self.posts.front() {
            messages += post.publications.len();
            bytes += post.bytes();
            if !batch.is_empty() && (messages > BATCH.messages || bytes > BATCH.bytes) {
                break;
            }
            self.messages -= post.publications.len();
            self.bytes -= post.bytes();
            batch.extend(self.posts.pop_front());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::super::publication::Publication;
    use super::*;

    const LIMITS: OutboxLimits = OutboxLimits { messages: 3, bytes: 100 };

    fn post(id: u64, sizes: &[usize]) -> Post {
        let publication = |size: &usize| Keyed::bare(Publication::from_checked_object("x".repeat(*size)));
        Post { id: PostId(id), publications: sizes.iter().map(publication).collect() }
    }

    fn ids(posts: &[Post]) -> Vec<u64> {
        posts.iter().map(|post| post.id.0).collect()
    }

    #[test]
    fn it_is_bounded_in_messages_and_in_bytes() {
        let mut outbox = Outbox::default();
        outbox.put(post(1, &[10, 10]), LIMITS).unwrap();
        assert_eq!(outbox.put(post(2, &[1, 1]), LIMITS).unwrap_err().id, PostId(2));
        assert_eq!(outbox.put(post(3, &[81]), LIMITS).unwrap_err().id, PostId(3));
        outbox.put(post(4, &[80]), LIMITS).unwrap();
        assert_eq!(ids(&outbox.take_batch()), [1, 4]);
        assert_eq!(outbox, Outbox::default());
    }

    #[test]
    fn a_post_larger_than_the_bound_is_taken_when_nothing_waits() {
        let mut outbox = Outbox::default();
        outbox.put(post(1, &[1, 1, 1, 500]), LIMITS).unwrap();
        assert!(outbox.put(post(2, &[1]), LIMITS).is_err());
    }

    #[test]
    fn a_batch_is_what_fits_in_one_row() {
        let limits = OutboxLimits { messages: usize::MAX, bytes: usize::MAX };
        let mut outbox = Outbox::default();
        for id in 0..5 {
            outbox.put(post(id, &[400_000]), limits).unwrap();
        }
        outbox.put(post(5, &[2_000_000]), limits).unwrap();
        assert_eq!(ids(&outbox.take_batch()), [0, 1]);
        assert_eq!(ids(&outbox.take_batch()), [2, 3]);
        assert_eq!(ids(&outbox.take_batch()), [4]);
        assert_eq!(ids(&outbox.take_batch()), [5]);
        assert_eq!(ids(&outbox.take_batch()), [] as [u64; 0]);
    }
}
