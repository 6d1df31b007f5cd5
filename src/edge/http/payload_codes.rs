//! The codes of what publishers send wrong. It must not know how it was sent.

use crate::wire::batch::MessageError;
use crate::wire::payload::PayloadError;
use crate::wire::problem::ErrorCode;
use crate::wire::publisher::PublisherFrameError;

/// The code of a message that can't be published.
pub fn message_code(error: &MessageError) -> ErrorCode {
    match error {
        MessageError::Shape
        | MessageError::Missing { .. }
        | MessageError::NotText { .. }
        | MessageError::Key(_) => ErrorCode::InvalidPayload,
        MessageError::Topic(_) => ErrorCode::InvalidTopic,
        MessageError::TooLarge { .. } => ErrorCode::PayloadTooLarge,
        MessageError::Payload(error) => payload_code(error),
    }
}

/// The code of a frame of a publisher's socket that is no message.
pub fn publisher_frame_code(error: &PublisherFrameError) -> ErrorCode {
    match error {
        PublisherFrameError::NotJson { .. } => ErrorCode::InvalidJson,
        PublisherFrameError::Binary => ErrorCode::InvalidPayload,
        PublisherFrameError::TooLarge { .. } => ErrorCode::PayloadTooLarge,
        PublisherFrameError::Message(error) => message_code(error),
    }
}

/// The code of a payload that is none.
pub fn payload_code(error: &PayloadError) -> ErrorCode {
    match error {
        PayloadError::NotUtf8 | PayloadError::NotJson { .. } | PayloadError::TooDeep => {
            ErrorCode::InvalidJson
        }
        PayloadError::NotAnObject | PayloadError::TokenDiffers | PayloadError::Updates => {
            ErrorCode::InvalidPayload
        }
        PayloadError::ReservedField { .. } | PayloadError::ReservedType { .. } => ErrorCode::ReservedField,
    }
}
