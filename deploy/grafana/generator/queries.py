"""The PromQL that panels share."""

# Interpolated by Grafana: the values that are chosen at the top of the dashboard.
LANE = 'lane=~"$lane"'
QUEUE = 'queue=~"$queue"'
CUSTOMER = 'customer=~"$customer"'


def selector(metric: str, *labels: str) -> str:
    chosen = ", ".join(label for label in labels if label)
    return f"{metric}{{{chosen}}}" if chosen else metric


def _over(by: str, inner: str) -> str:
    return f"sum by ({by}) ({inner})" if by else f"sum({inner})"


def rate(metric: str, *labels: str, by: str = "", window: str = "$__rate_interval") -> str:
    return _over(by, f"rate({selector(metric, *labels)}[{window}])")


def count(metric: str, *labels: str, by: str = "", window: str = "$__interval") -> str:
    """How much a counter grew, exactly. `increase` would guess at the window's edges, and not see a series' first value: most
    counters begin with their first count, and a fleet that scales has new series all the time. A counter that was reset under the
    same labels (a process started again with the same --worker-id) counts as zero for one window."""
    series = selector(metric, *labels)
    last = f"last_over_time({series}[{window}])"
    return _over(by, f"clamp_min({last} - ({series} offset {window} or 0 * {last}), 0)")


def quantile(q: float, histogram: str, *labels: str, by: str = "", window: str = "$__rate_interval") -> str:
    kept = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum by ({kept}) (rate({selector(histogram + '_bucket', *labels)}[{window}])))"


def mean(histogram: str, *labels: str, by: str = "", window: str = "$__rate_interval") -> str:
    return f"{rate(histogram + '_sum', *labels, by=by, window=window)} / {rate(histogram + '_count', *labels, by=by, window=window)}"


def level(metric: str, *labels: str, by: str = "", over: str = "sum") -> str:
    return f"{over} by ({by}) ({selector(metric, *labels)})" if by else f"{over}({selector(metric, *labels)})"


def ratio(part: str, whole: str) -> str:
    return f"{part} / {whole}"
