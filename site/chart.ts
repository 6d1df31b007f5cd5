// The chart of prices, as they arrive. It owns the charting library and knows nothing of sockets.

import {
  AreaSeries,
  type AutoscaleInfo,
  ColorType,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { formatPrice } from "./price";

/** The least height of the chart, as a part of the price: one price alone would fill the scale with one label. */
const LEAST_HEIGHT = 0.01;

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
  return new Date(Number(time) * 1000).toLocaleTimeString();
}

export class PriceChart {
  readonly #chart: IChartApi;
  readonly #series: ISeriesApi<"Area">;

  constructor(element: HTMLElement) {
    this.#chart = createChart(element, {
      autoSize: true,
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, rightOffset: 2, tickMarkFormatter: localTime },
      localization: { timeFormatter: localTime },
      handleScroll: { vertTouchDrag: false },
    });
    this.#series = this.#chart.addSeries(AreaSeries, {
      lineWidth: 2,
      priceFormat: { type: "custom", formatter: formatPrice, minMove: 1e-12 },
      autoscaleInfoProvider: widen,
    });
    this.#paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
  }

  /** Draws a price at its time, in Unix seconds; one at the same second as the last takes its place. */
  add(seconds: number, price: number): void {
    this.#series.update({ time: seconds as UTCTimestamp, value: price });
    this.#chart.timeScale().scrollToRealTime();
  }

  clear(): void {
    this.#series.setData([]);
  }

  /** Takes the page's colours. */
  #paint(): void {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const [text, line, accent] = [color("dim"), color("line"), color("accent")];
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: "transparent" },
        textColor: text,
        fontFamily: style.fontFamily,
      },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
    });
    this.#series.applyOptions({ lineColor: accent, topColor: `${accent}55`, bottomColor: `${accent}05` });
  }
}
