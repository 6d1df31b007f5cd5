//! Who may do what: publishers' secrets and signatures, origins, hashed addresses. Pure: it knows headers as texts and
//! times as numbers, and must not know a request, a response or a route.

pub mod address;
pub mod bearer;
pub mod origin;
pub mod secret;
pub mod webhook_signature;
