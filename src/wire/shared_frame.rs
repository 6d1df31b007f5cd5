//! Items that share frames: as few frames as there can be, none larger than a client takes. It must not know what an item
//! says.

/// The largest frame that the service sends, in bytes: what common clients take unless they are told otherwise, such as
/// Python's `websockets` and the socket of iOS. They close the connection for a larger one, and meet it again when they
/// come back.
pub const MAX_FRAME_BYTES: usize = 1_048_576;

/// What the service adds to a payload in a frame of its own has less than so many bytes, in every dialect: a token and a
/// feed's name, places, longer names, the frame around it; and so has what it says beside what a client said itself.
pub const ADDED_BYTES: usize = 1_024;

/// The frames that hold `items`, in their order, each between `head` and `tail` and parted by commas. An item that is too
/// large for any frame has one of its own. `write` adds an item to a frame.
pub(super) fn shared_frames<T>(
    head: &str,
    items: impl IntoIterator<Item = T>,
    tail: &str,
    write: impl Fn(&mut String, T),
) -> Vec<String> {
    let mut frames = vec![];
    let mut frame = String::new();
    for item in items {
        let end = frame.len();
        frame.push_str(if end == 0 { head } else { "," });
        write(&mut frame, item);
        if end > 0 && frame.len() + tail.len() > MAX_FRAME_BYTES {
            let next = frame.split_off(end).replacen(',', head, 1);
            frame.push_str(tail);
            frames.push(std::mem::replace(&mut frame, next));
        }
    }
    if !frame.is_empty() {
        frame.push_str(tail);
        frames.push(frame);
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(items: &[&str]) -> Vec<String> {
        shared_frames("<", items, ">", |frame, item| frame.push_str(item))
    }

    #[test]
    fn items_share_a_frame() {
        assert_eq!(share(&["a", "b,c", "d"]), ["<a,b,c,d>"]);
        assert!(share(&[]).is_empty());
    }

    #[test]
    fn no_frame_is_larger_than_clients_take() {
        let half = "x".repeat(MAX_FRAME_BYTES / 2 - 2);
        let frames = share(&[&half, &half, "y,y", &half, "z"]);
        assert_eq!(frames, [format!("<{half},{half}>"), format!("<y,y,{half},z>")]);
        assert_eq!(frames[0].len(), MAX_FRAME_BYTES - 1, "another comma and item are too much");
        let frames = share(&["", &"x".repeat(MAX_FRAME_BYTES - 3), "yy"]);
        let lengths: Vec<usize> = frames.iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_FRAME_BYTES, 4], "exactly full");
    }
}
