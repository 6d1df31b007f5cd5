//! What a publication is about, and the shapes in which a subscriber can have a topic: a subscriber of many topics may
//! want one as everything that is published, another as its prices only. It must not know how a shape is written.

/// What a publication is about, as far as the service treats it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `PRICE_UPDATE`
    Price,
    /// `TRADE`
    Trade,
    /// `NEW_TOKEN`
    Token,
    /// `ALERT`, and what it warns of; `None` for something that is not on the list.
    Alert(Option<AlertKind>),
    /// `BALANCE_UPDATE`
    Balance,
    /// Anything else.
    Other,
}

/// What an alert warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// A sudden move of the price.
    Price,
    /// Unusually much traded.
    Volume,
    /// A very large trade.
    Whale,
    /// The signs of a fraud: liquidity withdrawn, or a holder's supply sold.
    Rug,
}

/// Some kinds of alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertKinds(u8);

impl AlertKinds {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every alert, also those that are not on the list.
    pub const ALL: Self = Self(1 << 7);

    /// These and one more.
    #[must_use]
    pub fn and(self, kind: AlertKind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    /// These and those.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether an alert of this kind is among them.
    #[must_use]
    pub fn has(self, kind: Option<AlertKind>) -> bool {
        self.0 & Self::ALL.0 != 0 || kind.is_some_and(|kind| self.0 & Self::bit(kind) != 0)
    }

    /// As a number to store.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Reads [`AlertKinds::bits`].
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    fn bit(kind: AlertKind) -> u8 {
        match kind {
            AlertKind::Price => 1,
            AlertKind::Volume => 1 << 1,
            AlertKind::Whale => 1 << 2,
            AlertKind::Rug => 1 << 3,
        }
    }
}

/// One shape of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Every publication as it was posted.
    Native,
    /// The same, several in one frame where the service is busy.
    NativeBatch,
    /// The prices, as the channel dialect's `prices`.
    Prices,
    /// The trades, as the channel dialect's `trades`.
    Trades,
    /// The new tokens, as the channel dialect's `tokens`.
    Tokens,
    /// The alerts of some kinds, as the channel dialect's `alerts`.
    Alerts(AlertKinds),
    /// The prices as they were posted: the action dialect's.
    PriceAction,
    /// The balances as they were posted: the action dialect's.
    BalanceAction,
}

/// The shapes in which one subscriber has one topic. Small, so that subscribers with the same shapes can be served
/// together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Views {
    bits: u8,
    alerts: AlertKinds,
}

const NATIVE: u8 = 1;
const BATCH: u8 = 1 << 1;
const PRICES: u8 = 1 << 2;
const TRADES: u8 = 1 << 3;
const TOKENS: u8 = 1 << 4;
const ALERTS: u8 = 1 << 5;
const PRICE_ACTION: u8 = 1 << 6;
const BALANCE_ACTION: u8 = 1 << 7;

impl Views {
    /// None.
    pub const NONE: Self = Self { bits: 0, alerts: AlertKinds::NONE };

    /// One shape alone.
    #[must_use]
    pub fn of(view: View) -> Self {
        Self::NONE.with(view)
    }

    /// These and one more. The later word on whether several native publications may share a frame counts; kinds of
    /// alerts add up.
    #[must_use]
    pub fn with(self, view: View) -> Self {
        match view {
            View::Native => Self { bits: (self.bits | NATIVE) & !BATCH, ..self },
            View::Alerts(kinds) => Self { bits: self.bits | ALERTS, alerts: self.alerts.union(kinds) },
            view => Self { bits: self.bits | bits_of(view), ..self },
        }
    }

    /// These and those.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, alerts: self.alerts.union(other.alerts) }
    }

    /// One after the other.
    pub fn each(self) -> impl Iterator<Item = View> {
        let native = if self.is_batch() { View::NativeBatch } else { View::Native };
        let others = [View::Prices, View::Trades, View::Tokens, View::Alerts(self.alerts)];
        let all = [native].into_iter().chain(others).chain([View::PriceAction, View::BalanceAction]);
        all.filter(move |view| self.has(*view))
    }

    /// These without that one, whatever kinds of alerts or frames it was asked for with.
    #[must_use]
    pub fn without(self, view: View) -> Self {
        let alerts = if matches!(view, View::Alerts(_)) { AlertKinds::NONE } else { self.alerts };
        let gone = match view {
            View::Native => NATIVE | BATCH,
            view => bits_of(view),
        };
        Self { bits: self.bits & !gone, alerts }
    }

    /// These without those that `other` has too: what is left to be shown to somebody who was shown `other`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let shown_natively = if other.bits & NATIVE == 0 { 0 } else { BATCH };
        let bits = self.bits & !(other.bits | shown_natively);
        Self { bits, alerts: if bits & ALERTS == 0 { AlertKinds::NONE } else { self.alerts } }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Whether every publication is wanted as it was posted.
    #[must_use]
    pub fn is_native(self) -> bool {
        self.bits & NATIVE != 0
    }

    /// Whether several native publications may share a frame.
    #[must_use]
    pub fn is_batch(self) -> bool {
        self.bits & BATCH != 0
    }

    /// Whether this shape is among them, with whatever kinds of alerts, in frames of its own or shared.
    #[must_use]
    pub fn overlaps(self, view: View) -> bool {
        self.bits & bits_of(view) & !BATCH != 0
    }

    /// Whether this shape is among them.
    #[must_use]
    pub fn has(self, view: View) -> bool {
        self.bits & bits_of(view) == bits_of(view)
    }

    /// Whether a publication of this kind is sent as it was posted.
    #[must_use]
    pub fn shows_as_posted(self, kind: Kind) -> bool {
        self.is_native()
            || (kind == Kind::Price && self.has(View::PriceAction))
            || (kind == Kind::Balance && self.has(View::BalanceAction))
    }

    /// Whether a publication of this kind is sent on a channel: that of its kind.
    #[must_use]
    pub fn shows_on_channel(self, kind: Kind) -> bool {
        match kind {
            Kind::Price => self.has(View::Prices),
            Kind::Trade => self.has(View::Trades),
            Kind::Token => self.has(View::Tokens),
            Kind::Alert(alert) => self.bits & ALERTS != 0 && self.alerts.has(alert),
            Kind::Balance | Kind::Other => false,
        }
    }

    /// Whether nothing but native publications is wanted: then nobody has to look what a publication is about.
    #[must_use]
    pub fn is_only_native(self) -> bool {
        self.bits & !(NATIVE | BATCH) == 0
    }

    /// As two numbers to store.
    #[must_use]
    pub fn bits(self) -> (u8, u8) {
        (self.bits, self.alerts.bits())
    }

    /// Reads [`Views::bits`].
    #[must_use]
    pub fn from_bits((bits, alerts): (u8, u8)) -> Self {
        Self { bits, alerts: AlertKinds::from_bits(alerts) }
    }
}

fn bits_of(view: View) -> u8 {
    match view {
        View::Native => NATIVE,
        View::NativeBatch => NATIVE | BATCH,
        View::Prices => PRICES,
        View::Trades => TRADES,
        View::Tokens => TOKENS,
        View::Alerts(_) => ALERTS,
        View::PriceAction => PRICE_ACTION,
        View::BalanceAction => BALANCE_ACTION,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_view_shows_its_own_kind() {
        let prices = Views::of(View::Prices);
        assert!(prices.shows_on_channel(Kind::Price) && !prices.shows_on_channel(Kind::Trade));
        assert!(!prices.shows_as_posted(Kind::Price));
        let action = Views::of(View::PriceAction);
        assert!(action.shows_as_posted(Kind::Price) && !action.shows_as_posted(Kind::Trade));
        let native = Views::of(View::Native);
        assert!(native.shows_as_posted(Kind::Other) && !native.shows_on_channel(Kind::Price));
        let whales = Views::of(View::Alerts(AlertKinds::NONE.and(AlertKind::Whale)));
        assert!(whales.shows_on_channel(Kind::Alert(Some(AlertKind::Whale))));
        assert!(!whales.shows_on_channel(Kind::Alert(Some(AlertKind::Rug))));
        assert!(!whales.shows_on_channel(Kind::Alert(None)));
        let all = whales.with(View::Alerts(AlertKinds::ALL));
        assert!(all.shows_on_channel(Kind::Alert(None)));
    }

    #[test]
    fn views_come_and_go_one_by_one() {
        let views = Views::of(View::NativeBatch).with(View::Prices).with(View::Alerts(AlertKinds::ALL));
        assert!(views.is_batch() && !views.is_only_native());
        assert!(!views.with(View::Native).is_batch(), "the later word counts");
        let without = views.without(View::NativeBatch).without(View::Alerts(AlertKinds::NONE));
        assert_eq!(without, Views::of(View::Prices));
        assert!(without.without(View::Prices).is_empty());
        assert_eq!(Views::from_bits(views.bits()), views);
    }

    #[test]
    fn what_one_subscription_shows_the_other_need_not() {
        let feed = Views::of(View::NativeBatch).with(View::Trades);
        assert_eq!(feed.minus(Views::of(View::Trades)), Views::of(View::NativeBatch));
        assert_eq!(feed.minus(Views::of(View::Native)), Views::of(View::Trades));
        assert!(feed.minus(feed).is_empty());
        let alerts = Views::of(View::Alerts(AlertKinds::ALL));
        assert_eq!(alerts.minus(Views::of(View::Prices)), alerts);
    }
}
