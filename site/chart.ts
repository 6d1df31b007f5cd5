// The chart of candles and of what was traded. It owns the charting library and knows nothing of sockets.

import {
  type AutoscaleInfo,
  CandlestickSeries,
  ColorType,
  createChart,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineStyle,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Candle } from "./candles.ts";
import { compactPrice } from "./price.ts";

/** The least height of the chart, as a part of the price: one price alone would fill the scale with one label. */
const LEAST_HEIGHT = 0.01;

/** Significant digits of the prices beside the chart. */
const DIGITS = 6;

/** Room beside the chart for a price of as many digits, in pixels. */
const SCALE_WIDTH = 72;

/** How much of the chart's height prices and volumes leave free, above and below. */
const PRICE_MARGINS = { top: 0.08, bottom: 0.26 };
const VOLUME_MARGINS = { top: 0.8, bottom: 0 };

function widen(original: () => AutoscaleInfo | null): AutoscaleInfo | null {
  const info = original();
  if (!info?.priceRange) return info;
  const { minValue, maxValue } = info.priceRange;
  const missing = Math.max(
    0,
    (LEAST_HEIGHT * (Math.abs(minValue) + Math.abs(maxValue))) / 2 - (maxValue - minValue),
  );
  return { ...info, priceRange: { minValue: minValue - missing / 2, maxValue: maxValue + missing / 2 } };
}

/** The library shows UTC; readers have clocks. */
function localTime(time: Time): string {
  return new Date(Number(time) * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

function tickMark(time: Time, type: TickMarkType): string {
  const date = new Date(Number(time) * 1000);
  return type < TickMarkType.Time
    ? date.toLocaleDateString([], { month: "short", day: "numeric" })
    : date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export class CandleChart {
  readonly #chart: IChartApi;
  readonly #prices: ISeriesApi<"Candlestick">;
  readonly #volumes: ISeriesApi<"Histogram">;
  readonly #last: IPriceLine;
  readonly #inspect: (candle: Candle | undefined) => void;
  #candles: Candle[] = [];
  #step = 60;
  #pointed: Time | undefined;
  #risen = "";
  #fallen = "";

  /** `inspect` is told which candle the reader points at; the last one, when at none. */
  constructor(element: HTMLElement, inspect: (candle: Candle | undefined) => void) {
    this.#inspect = inspect;
    this.#chart = createChart(element, {
      autoSize: true,
      // The library's logo brings a style that the page's policy forbids. The footer names its makers.
      layout: { attributionLogo: false },
      rightPriceScale: {
        borderVisible: false,
        entireTextOnly: true,
        scaleMargins: PRICE_MARGINS,
        minimumWidth: SCALE_WIDTH,
      },
      timeScale: { borderVisible: false, rightOffset: 1, timeVisible: true, tickMarkFormatter: tickMark },
      localization: { timeFormatter: localTime },
      handleScroll: { vertTouchDrag: false },
      kineticScroll: { touch: !matchMedia("(prefers-reduced-motion: reduce)").matches },
    });
    this.#prices = this.#chart.addSeries(CandlestickSeries, {
      autoscaleInfoProvider: widen,
      // The library's own label of the last price has the colour of a candle's inside.
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#last = this.#prices.createPriceLine({ price: 0, lineStyle: LineStyle.Dotted });
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#volumes.priceScale().applyOptions({ scaleMargins: VOLUME_MARGINS });
    this.#chart.subscribeCrosshairMove(({ time }) => {
      this.#pointed = time;
      this.#inspectPointed();
    });
    this.#paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
  }

  /** Draws candles, each `step` seconds after the one before it or later. */
  draw(candles: Candle[], step: number): void {
    this.#candles = candles;
    this.#step = step;
    const last = candles.at(-1);
    const price = last?.close ?? 1;
    this.#last.applyOptions({ price, lineVisible: Boolean(last), axisLabelVisible: Boolean(last) });
    // A step of the scale, in prices of this size.
    const base = 10 ** Math.max(0, DIGITS - Math.floor(Math.log10(price)));
    const format = (told: number) => compactPrice(told, DIGITS);
    this.#prices.applyOptions({
      priceFormat: { type: "custom", formatter: format, minMove: 1 / base, base },
    });
    const times = this.#times();
    const at = new Map(candles.map((candle) => [candle.timestamp, candle]));
    this.#prices.setData(
      times.map((time) => {
        const candle = at.get(time);
        return candle ? { ...pick(candle), time } : { time };
      }),
    );
    this.#volumes.setData(
      times.map((time) => {
        const candle = at.get(time);
        if (!candle) return { time };
        const color = candle.close < candle.open ? this.#fallen : this.#risen;
        return { time, value: candle.volume, color: `${color}66` };
      }),
    );
    this.#inspectPointed();
  }

  #inspectPointed(): void {
    const pointed = this.#candles.find(({ timestamp }) => timestamp === this.#pointed);
    this.#inspect(pointed ?? this.#candles.at(-1));
  }

  /** Shows the last so many steps. */
  fit(steps: number): void {
    const last = this.#times().length - 1;
    this.#chart.timeScale().setVisibleLogicalRange({ from: last - steps + 0.5, to: last + 1.5 });
  }

  /** Every step from the first candle to the last: where nothing happened, the chart has a hole. */
  #times(): UTCTimestamp[] {
    const [first, last] = [this.#candles[0]?.timestamp, this.#candles.at(-1)?.timestamp];
    if (first === undefined || last === undefined) return [];
    const length = Math.floor((last - first) / this.#step) + 1;
    return Array.from({ length }, (_, n) => (first + n * this.#step) as UTCTimestamp);
  }

  /** Takes the page's colours. */
  #paint(): void {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const [text, line, up, down] = [color("dim"), color("line"), color("up"), color("down")];
    const accent = color("accent");
    this.#last.applyOptions({
      color: accent,
      axisLabelColor: accent,
      axisLabelTextColor: color("on-accent"),
    });
    this.#risen = up;
    this.#fallen = down;
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: "transparent" },
        textColor: text,
        fontFamily: style.fontFamily,
      },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
    });
    // A risen candle is hollow: not everybody tells the colours apart.
    this.#prices.applyOptions({
      upColor: color("card"),
      borderUpColor: up,
      wickUpColor: up,
      downColor: down,
      borderDownColor: down,
      wickDownColor: down,
    });
    this.draw(this.#candles, this.#step);
  }
}

function pick({ open, high, low, close }: Candle) {
  return { open, high, low, close };
}
