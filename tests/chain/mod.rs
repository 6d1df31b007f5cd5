//! A small chain: pools of the exchanges, people who trade with them by all the ways there are, and what a webhook says of
//! it. What each pool saw is known here, so what is read from the payload can be compared with it. None of it is made of
//! the service's own code.

mod address;
mod choices;
mod event;
mod exchange;
mod forms;
mod liquidity;
mod mint;
mod payload;
mod pool;
mod route;
mod rules;
mod scene;
mod state;
mod swap;

pub use choices::Choices;
pub use rules::broken_rule;
pub use scene::Scene;
