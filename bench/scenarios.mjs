// What is measured: each scenario's runs of the load generator, and which figures of its report are shown.

import { FEW } from "./servers.mjs";

/** A figure: its title, where it is in the report, its unit, and whether more is better. */
const figure = (title, read, unit, moreIsBetter = false) => ({ title, read, unit, moreIsBetter });

/** How long publishers waited; nothing where none had an answer in the time that was measured. */
const acknowledged =
  (name) =>
  ({ acknowledgement }) =>
    acknowledgement.count > 0 ? acknowledgement[name] : Number.NaN;

const fanoutFigures = [
  figure("first", (report) => report.first.median, "ms"),
  figure("p50", (report) => report.p50.median, "ms"),
  figure("p99", (report) => report.p99.median, "ms"),
  figure("last", (report) => report.last.median, "ms"),
  figure("answered", (report) => report.answered.median, "ms"),
  figure("CPU a frame", (report) => report.cost.microsecondsPerDelivery, "µs"),
  figure("memory a socket", (report) => report.bytesPerSocket / 1024, "KiB"),
];

const sustainedFigures = [
  figure("deliveries", (report) => report.cost.deliveriesPerSecond, "/s", true),
  figure("ack p50", acknowledged("p50"), "ms"),
  figure("ack p99", acknowledged("p99"), "ms"),
  figure("delivery p50", (report) => report.ledger.delivery.p50, "ms"),
  figure("delivery p99", (report) => report.ledger.delivery.p99, "ms"),
  figure("CPU a delivery", (report) => report.cost.microsecondsPerDelivery, "µs"),
  figure("core busy", (report) => 100 * report.cost.serverBusy, "%"),
  figure("missing", (report) => report.ledger.missing, ""),
  figure("generator busy", (report) => 100 * report.cost.generatorBusy, "%"),
];

const pacedFigures = [
  figure("deliveries", (report) => report.cost.deliveriesPerSecond, "/s", true),
  figure("delivery p50", (report) => report.ledger.delivery.p50, "ms"),
  figure("delivery p99", (report) => report.ledger.delivery.p99, "ms"),
  figure("delivery max", (report) => report.ledger.delivery.max, "ms"),
  figure("ack p99", acknowledged("p99"), "ms"),
  figure("core busy", (report) => 100 * report.cost.serverBusy, "%"),
  figure("missing", (report) => report.ledger.missing, ""),
  figure("wrong", (report) => report.ledger.subscribersWrong, ""),
];

const kneeFigures = [
  figure("held", (report) => report.held, "/s", true),
  figure("p99 there", (report) => report.heldP99, "ms"),
  figure("not held", (report) => report.broke, "/s", true),
  figure("p99 of that", (report) => report.brokeP99, "ms"),
];

const rowsFigures = [
  figure("rows per 1,000 posts", (report) => (1000 * report.rows) / report.ledger.posts, ""),
  figure("posts", (report) => report.ledger.posts, ""),
];

const stormFigures = [
  figure("upgrades", (report) => report.upgradesPerSecond, "/s", true),
  figure("greeted p50", (report) => report.handshake.p50, "ms"),
  figure("greeted p99", (report) => report.handshake.p99, "ms"),
];

const resumeFigures = [
  figure("all complete", (report) => report.completeInMs, "ms"),
  figure("all greeted", (report) => report.greetedInMs, "ms"),
  figure("missing", (report) => report.ledger.missing, ""),
  figure("wrong", (report) => report.ledger.subscribersWrong, ""),
  figure("gaps", (report) => report.gaps, ""),
  figure("evictions", (report) => report.roomsBuilt - 1, ""),
];

const roomsFigures = [
  figure("memory a room, at once", (report) => report.bytesPerRoomAtOnce / 1024, "KiB"),
  figure("asleep", (report) => report.bytesPerRoomAsleep / 1024, "KiB"),
  figure("core busy falling asleep", (report) => 100 * report.busyWhileFallingAsleep, "%"),
  figure("core busy asleep", (report) => 100 * report.busyWhileAsleep, "%"),
  figure("sleeping: heard", (report) => report.asleep.heard.median, "ms"),
  figure("awake: heard", (report) => report.awake.heard.median, "ms"),
];

const topicsFigures = [
  figure("deliveries", (report) => report.cost.deliveriesPerSecond, "/s", true),
  figure("delivery p50", (report) => report.ledger.delivery.p50, "ms"),
  figure("delivery p99", (report) => report.ledger.delivery.p99, "ms"),
  figure("ack p50", acknowledged("p50"), "ms"),
  figure("ack p99", acknowledged("p99"), "ms"),
  figure("CPU a delivery", (report) => report.cost.microsecondsPerDelivery, "µs"),
  figure("deliveries a frame", (report) => report.ledger.deliveries / report.ledger.frames, ""),
  figure("core busy", (report) => 100 * report.cost.serverBusy, "%"),
  figure("all subscribed", (report) => report.subscribedInMs, "ms"),
  figure("missing", (report) => report.ledger.missing, ""),
  figure("wrong", (report) => report.ledger.wrong, ""),
  figure("generator busy", (report) => 100 * report.cost.generatorBusy, "%"),
];

const wrongFigure = figure("wrong", (report) => report.ledger.subscribersWrong, "");
const relaysFigure = figure("relays", (report) => report.standing.relays.length, "");

const EVERYBODY = ["ours", "limit", "object", "partyserver", "ws", "socketio", "redis"];
const WITH_BATCH = ["ours", "ours+batch", ...EVERYBODY.slice(1)];

/**
 * The scenarios, each with its runs.
 * @param {boolean} quick small enough for a test of the bench itself
 */
export function scenarios(quick) {
  return [
    {
      name: "fanout",
      title: "One post to many sockets",
      figures: fanoutFigures,
      runs: (quick ? [50] : [100, 1000, 4000, 9000]).map((sockets) => ({
        title: `${sockets} sockets`,
        lanes: EVERYBODY,
        command: [
          "fanout",
          { sockets, rounds: quick ? 5 : sockets > 1000 ? 15 : 40, "warm-up": quick ? 2 : 8 },
        ],
      })),
    },
    {
      name: "sustained",
      title: "Publishers that never pause, one post each on its way",
      figures: sustainedFigures,
      runs: (quick ? [50] : [500, 4000]).map((sockets) => ({
        title: `${quick ? 8 : 64} publishers, ${sockets} sockets`,
        lanes: WITH_BATCH,
        command: [
          "sustained",
          {
            sockets,
            publishers: quick ? 8 : 64,
            // With 64 posts of 4,000 frames each ahead of it, an answer takes seconds.
            seconds: quick ? 0.5 : sockets > 1000 ? 6 : 3,
            "warm-up": quick ? 0.3 : sockets > 1000 ? 3 : 1.5,
          },
        ],
      })),
    },
    {
      name: "topics",
      title: `Many topics on each socket: ${quick ? 40 : 500} topics, ${quick ? 8 : 50} on each socket`,
      note: "Each socket's messages are checked: those of its own topics, each once, each topic's in order. Publishers never pause.",
      figures: topicsFigures,
      runs: (quick
        ? [[30, 5]]
        : [
            [1000, 1],
            [1000, 20],
          ]
      ).map(([sockets, messages]) => ({
        title: `${sockets} sockets, ${messages === 1 ? "single posts" : `${messages} messages a post`}`,
        lanes: ["ours", "ours+batch", "hub", "ws", "socketio", "redis"],
        command: [
          "topics",
          {
            sockets,
            topics: quick ? 40 : 500,
            each: quick ? 8 : 50,
            publishers: quick ? 8 : 64,
            "messages-at-once": messages,
            seconds: quick ? 0.5 : 3,
            "warm-up": quick ? 0.3 : 1.5,
          },
        ],
      })),
    },
    {
      name: "relays",
      title: `One topic's sockets in one room, and in a room and relays of ${FEW} each`,
      note: "All relays share one process and one core here: this shows what the further hop costs. Elsewhere each has a core of its own.",
      base: "one",
      runs: [
        {
          title: `one post, ${quick ? 2 * FEW : 4000} sockets`,
          lanes: ["one", "relays"],
          figures: [...fanoutFigures, relaysFigure],
          command: [
            "fanout",
            {
              sockets: quick ? 2 * FEW : 4000,
              rounds: quick ? 3 : 15,
              "warm-up": quick ? 1 : 8,
              standing: true,
            },
          ],
        },
        {
          title: `${quick ? 8 : 64} publishers, ${quick ? 2 * FEW : 4000} sockets`,
          lanes: ["one", "one+batch", "relays", "relays+batch"],
          figures: [...sustainedFigures, wrongFigure, relaysFigure],
          command: [
            "sustained",
            {
              sockets: quick ? 2 * FEW : 4000,
              publishers: quick ? 8 : 64,
              seconds: quick ? 0.5 : 6,
              "warm-up": quick ? 0.3 : 3,
              standing: true,
            },
          ],
        },
      ],
    },
    {
      name: "held",
      title: "100,000 deliveries a second for a minute",
      figures: pacedFigures,
      once: true,
      slow: true,
      runs: [
        {
          title: "1000 sockets, 100 posts a second, 60 s",
          lanes: ["ours+batch"],
          command: ["paced", { sockets: 1000, "rate-posts": 100, seconds: 60 }],
        },
      ],
    },
    {
      name: "knee",
      title: "The most deliveries a second that every second can be like the last, p99 under 250 ms",
      figures: kneeFigures,
      once: true,
      slow: true,
      runs: [
        {
          title: "1000 sockets",
          lanes: WITH_BATCH,
          // In posts a second for so many deliveries a second.
          climb: (deliveries) => [
            "paced",
            { sockets: 1000, "rate-posts": deliveries / 1000, seconds: 2.5, "warm-up": 1, drain: 2 },
          ],
        },
      ],
    },
    {
      name: "rows",
      title: "Rows written, each of which is paid for",
      figures: rowsFigures,
      once: true,
      runs: [
        [1, 10],
        [64, 500],
      ].map(([publishers, sockets]) => ({
        title: `${publishers} publishers, ${sockets} sockets`,
        lanes: ["ours", "ours+batch"],
        metered: true,
        command: ["sustained", { sockets, publishers, seconds: quick ? 0.3 : 3, "warm-up": 0 }],
      })),
    },
    {
      name: "storm",
      title: "Everybody connects, 64 at a time",
      figures: stormFigures,
      runs: [
        {
          title: `${quick ? 100 : 4000} sockets`,
          lanes: EVERYBODY,
          command: ["storm", { sockets: quick ? 100 : 4000, concurrency: 64 }],
        },
      ],
    },
    {
      name: "resume",
      title: "1,000 clients were cut off, their room was evicted, all come back at once",
      figures: resumeFigures,
      once: true,
      slow: true,
      runs: [
        {
          title: "1000 clients, each missed 100 messages",
          lanes: ["ours", "ours+batch"],
          metered: true,
          command: ["resume", { sockets: 1000, missed: 100, pause: 12 }],
        },
      ],
    },
    {
      name: "rooms",
      title: "Idle rooms, a fifth of them with a socket",
      figures: roomsFigures,
      once: true,
      slow: true,
      runs: [
        {
          title: "10,000 rooms, 2,000 sockets",
          // Rooms of the other peers are names in a Map, as those of `ws`.
          lanes: ["ours", "object", "partyserver", "ws"],
          command: ["rooms", { rooms: 10_000, sockets: 2000, "rate-rooms": 500, idle: 14 }],
        },
      ],
    },
  ];
}
