//! Examples of subscribers who have a feed and topics whose publications are in it. They must not depend on how a
//! publication comes into a feed.

use super::*;

const FEED: &str = "feed:trades";

/// What is in a feed of topics: each with the place that it has there.
fn copies(origins: &[(&str, u64)]) -> Vec<Item> {
    let copy = |(name, seq): &(&str, u64)| Item {
        origin: Some((topic(name), Seq::new(*seq))),
        ..items(*seq..=*seq).remove(0)
    };
    origins.iter().map(copy).collect()
}

/// Sockets 1 and 2 have `A`, at 5; 1 has the feed besides, at 0, and 3 the feed alone.
fn example() -> Example {
    let mut example = Example::at_five(1..=2);
    example.open(3);
    example.subscribe(1, FEED, Past::Nothing);
    example.subscribe(3, FEED, Past::Nothing);
    example.answer(Ok(Answer { items: vec![], ..latest(0) }));
    example
}

#[test]
fn what_comes_by_its_own_topic_does_not_come_by_the_feed() {
    let mut example = example();
    assert_eq!(example.push("A", 6, items(6..=6)), ["1 2 gets A 6 as Native", "push 0: handed"]);
    let pushed = example.push(FEED, 1, copies(&[("A", 5), ("A", 6), ("B", 9), ("A", 7), ("B", 10)]));
    assert_eq!(
        pushed,
        [
            "3 gets feed:trades 1,2,3,4,5 as Native",
            "1 gets feed:trades 1 as Native",
            "1 gets feed:trades 3 as Native",
            "1 gets feed:trades 5 as Native",
            "push 1: handed"
        ],
        "5 was before it came, 7 has yet to come"
    );
}

#[test]
fn each_shape_counts_for_itself() {
    let mut example = example();
    example.subscribe_as(1, View::Trades, &[(FEED, Past::Nothing)]);
    let pushed = example.push(FEED, 1, copies(&[("A", 6), ("B", 1)]));
    assert_eq!(
        pushed,
        [
            "3 gets feed:trades 1,2 as Native",
            "1 gets feed:trades 1 as Trades",
            "1 gets feed:trades 2 as Native+Trades",
            "push 0: handed"
        ]
    );
}

#[test]
fn a_shape_that_came_later_counts_from_then_on() {
    let mut example = example();
    example.subscribe_as(1, View::Trades, &[("A", Past::Nothing), (FEED, Past::Nothing)]);
    example.unsubscribe(1, "A");
    example.push("A", 6, items(6..=6));
    assert_eq!(example.subscribe(1, "A", Past::Nothing), ["1 has A at 6"]);
    let expected = ["1 gets feed:trades 1 as Native", "1 has feed:trades up to 2", "push 1: handed"];
    let mut awake = Example::of(example.relay.clone());
    awake.pushes = example.pushes;
    example.sleep();
    for mut example in [awake, example] {
        let mut pushed = example.push(FEED, 1, copies(&[("A", 6), ("A", 7)]));
        assert_eq!(pushed.remove(0), "3 gets feed:trades 1,2 as Native");
        assert_eq!(pushed, expected, "6 was shown as a trade alone, 7 will be in both shapes");
    }
}

#[test]
fn what_somebody_waits_for_does_not_come_by_the_feed() {
    let mut example = example();
    assert_eq!(example.subscribe(3, "A", since(4)), ["ask A since 4"]);
    let pushed = example.push(FEED, 1, copies(&[("A", 4), ("A", 5)]));
    assert_eq!(
        pushed,
        [
            "1 gets feed:trades 1,2 as Native",
            "3 gets feed:trades 1 as Native",
            "3 has feed:trades up to 2",
            "push 0: handed"
        ]
    );
    assert_eq!(example.answer(Ok(after(4, 5))), ["3 has A at 5", "3 gets A 5 as Native"]);
}

#[test]
fn a_first_impression_does_not_count() {
    let mut example = example();
    assert_eq!(example.subscribe(3, "A", Past::Latest), ["ask A Latest"]);
    let pushed = example.push(FEED, 1, copies(&[("A", 5)]));
    let gets = |socket: u32| format!("{socket} gets feed:trades 1 as Native");
    assert_eq!(pushed, [gets(1), gets(3), "push 0: handed".into()]);
    assert_eq!(example.answer(Ok(latest(5))), ["3 has A at 5", "3 is shown A 5 as Native"]);
}

#[test]
fn who_has_the_last_of_a_feed_by_its_own_topic_is_told_how_far_the_feed_is() {
    let mut example = example();
    example.push("A", 6, items(6..=8));
    let pushed = example.push(FEED, 1, copies(&[("B", 1), ("A", 6), ("A", 7)]));
    let expected = [
        "3 gets feed:trades 1,2,3 as Native",
        "1 gets feed:trades 1 as Native",
        "1 has feed:trades up to 3",
        "push 1: handed",
    ];
    assert_eq!(pushed, expected);
    let pushed = example.push(FEED, 4, copies(&[("A", 8), ("B", 2)]));
    let expected = ["3 gets feed:trades 4,5 as Native", "1 gets feed:trades 5 as Native", "push 2: handed"];
    assert_eq!(pushed, expected, "the place of what it gets says it");
    example.subscribe_as(2, View::Trades, &[("A", Past::Nothing), (FEED, Past::Nothing)]);
    example.push("A", 9, items(9..=9));
    let pushed = example.push(FEED, 6, copies(&[("A", 9)]));
    let expected = ["3 gets feed:trades 6 as Native", "1 has feed:trades up to 6", "push 4: handed"];
    assert_eq!(pushed, expected, "a channel knows no places");
}

#[test]
fn who_comes_back_to_a_topic_and_its_feed_gets_what_it_missed_once() {
    for order in [[("A", 8), (FEED, 1)], [(FEED, 1), ("A", 8)]] {
        let mut example = example();
        example.push("A", 6, items(6..=10));
        example.push(FEED, 1, copies(&[("A", 6), ("A", 7), ("B", 1), ("A", 8), ("A", 9)]));
        example.open(0);
        let wanted = order.map(|(name, place)| (name, since(place)));
        let mut back = example.subscribe_as(0, View::Native, &wanted);
        back.sort();
        let expected = [
            "0 gets A 9,10 as Native",
            "0 gets feed:trades 3 as Native",
            "0 has A at 10",
            "0 has feed:trades at 5",
            "0 has feed:trades up to 5",
        ];
        assert_eq!(back, expected, "7 and 8 came by the topic before, 9 and 10 do now");
        let late = example.push(FEED, 6, copies(&[("A", 5)]));
        assert!(
            late.contains(&"0 has feed:trades up to 6".to_owned()),
            "what is late has come before: {late:?}"
        );
    }
}

#[test]
fn who_knows_the_place_of_a_topic_from_elsewhere_gets_what_is_before_it_by_the_feed() {
    let mut example = example();
    example.push("A", 6, items(6..=8));
    assert_eq!(example.subscribe(3, "A", since(7)), ["3 has A at 8", "3 gets A 8 as Native"]);
    let pushed = example.push(FEED, 1, copies(&[("A", 7), ("A", 8)]));
    assert!(pushed.contains(&"3 gets feed:trades 1 as Native".to_owned()), "{pushed:?}");
}

#[test]
fn one_frame_may_name_a_feed_before_its_topic() {
    let mut example = example();
    example.push("A", 6, items(6..=6));
    example.push(FEED, 1, copies(&[("A", 6), ("B", 1)]));
    example.open(0);
    assert_eq!(
        example.subscribe_as(0, View::Native, &[(FEED, since(0)), ("A", since(5))]),
        ["0 has feed:trades at 2", "0 gets feed:trades 2 as Native", "0 has A at 6", "0 gets A 6 as Native"]
    );
}

#[test]
fn another_order_of_a_topic_counts_from_its_beginning() {
    let mut example = example();
    let later = Epoch::Began(NOW);
    let pushed = example.push_in(later, "A", 1, items(1..=1));
    assert_eq!(pushed, ["1 2 misses A ..0", "1 2 gets A 1 as Native", "push 0: handed"]);
    let pushed = example.push(FEED, 1, copies(&[("A", 1)]));
    assert_eq!(
        pushed,
        ["3 gets feed:trades 1 as Native", "1 has feed:trades up to 1", "push 1: handed"],
        "1 had it in the new order"
    );
}
