"""The overview: is work getting done, is anything waiting or failing, what does it cost."""

from .dashboard import Row, dashboard
from .panels import Panel, bars, cloudwatch, lines, logs, pie, stat, traces
from .queries import CUSTOMER, LANE, QUEUE, count, level, mean, quantile, rate, ratio

RANGE = "$__range"
COMPLETED = 'state="completed"'
FILES = "drayage_files_total"
ENDED = 'state=~"completed|superseded|failed"'


def now() -> Row:
    completed = count(FILES, COMPLETED, LANE, CUSTOMER, window=RANGE)
    return Row("In the time chosen above", height=4, panels=[
        stat("Completed", "Files delivered and verified.", completed, "short"),
        stat("Failed", "Files that will not be tried again. Each has its message in a dead-letter queue.", count(FILES, 'state="failed"', LANE, CUSTOMER, window=RANGE), "short", thresholds=[(1, "red")]),
        stat("Parked messages", "Messages put into a dead-letter queue: failed files, and messages that nobody could understand.", count("drayage_messages_total", 'action="parked"', QUEUE, window=RANGE), "short", thresholds=[(1, "red")]),
        stat("Delivered", "Bytes of completed files.", count("drayage_delivered_bytes_total", LANE, CUSTOMER, window=RANGE), "bytes"),
        stat("Oldest message, now", "Age of the oldest message that some process has received and not ended, poison included.", level("drayage_queue_oldest_message_age_seconds", QUEUE, over="max"), "s", thresholds=[(30, "orange"), (300, "red")]),
        stat("In flight, now", "Messages that are being worked on.", level("drayage_in_flight", QUEUE), "short"),
        stat("Latency, 99 %", "From the event's time to completed: 99 of 100 files were faster.", quantile(0.99, "drayage_file_latency_seconds", LANE, window=RANGE), "s"),
        stat("Cost per file", "Requests at list prices divided by completed files. Of all lanes and customers; storage, transfer and compute are not in it.", ratio(count("drayage_request_cost_total", window=RANGE), count(FILES, COMPLETED, window=RANGE)), "currencyUSD", decimals=7),
    ])  # fmt: skip


def files() -> Row:
    queued = count(FILES, 'state="queued"', LANE, CUSTOMER, window=RANGE)
    under_way = f"clamp_min({queued} - {count(FILES, ENDED, LANE, CUSTOMER, window=RANGE)}, 0)"
    by_state = count(FILES, ENDED, LANE, CUSTOMER, by="state", window=RANGE)
    return Row("Files", height=8, panels=[
        bars("Files per hour", "What files came to, hour by hour, over the last day.", [(count(FILES, ENDED, LANE, CUSTOMER, by="state"), "{{state}}")], "short", every="1h", back="24h", width=9),
        bars("Files per day", "The same by day, over the last thirty days.", [(count(FILES, ENDED, LANE, CUSTOMER, by="state"), "{{state}}")], "short", every="1d", back="30d", width=9),
        pie("State split", "What became of the files of the time chosen above. Under way is what was queued less what ended: wrong by what was under way when that time began.", [(by_state, "{{state}}"), (under_way, "under way")], "short", width=6),
        lines("Completed by lane", "Files per second.", [(rate(FILES, COMPLETED, LANE, CUSTOMER, by="lane"), "{{lane}}")], "cps", width=6),
        lines("Completed by customer", "Files per second. Customers above --metric-customers are `other`.", [(rate(FILES, COMPLETED, LANE, CUSTOMER, by="customer"), "{{customer}}")], "cps", width=6),
        lines("Delivered", "Bytes per second by lane.", [(rate("drayage_delivered_bytes_total", LANE, CUSTOMER, by="lane"), "{{lane}}")], "Bps", width=6),
        bars("Events", "What the ingest queue's events turned out to be.", [(count("drayage_events_total", by="outcome"), "{{outcome}}")], "short", width=6),
    ])  # fmt: skip


def latency() -> Row:
    def quantiles(histogram: str, of: str, by: str) -> list:
        return [(quantile(q, histogram, of, by=by), f"{{{{{by}}}}} {name}") for q, name in ((0.5, "50 %"), (0.99, "99 %"))]

    return Row("How long it takes", panels=[
        lines("End to end", "From the event's time to completed, by lane. EventBridge gives whole seconds: up to 1 s too long.", quantiles("drayage_file_latency_seconds", LANE, "lane"), "s"),
        lines("Wait in a queue", "From a message's sending to its first receive.", quantiles("drayage_queue_wait_seconds", QUEUE, "queue"), "s"),
        lines("Copy", "From the claim to the end of the copy, by lane.", quantiles("drayage_copy_duration_seconds", LANE, "lane"), "s"),
    ])  # fmt: skip


def queues() -> Row:
    parked = count("drayage_messages_parked_total", QUEUE, by="queue, reason")
    return Row("Queues: backlog and age", panels=[
        lines("Oldest message", "Of messages that were received and not ended. The line is the alert's 30 s.", [(level("drayage_queue_oldest_message_age_seconds", QUEUE, by="queue", over="max"), "{{queue}}")], "s", width=6, threshold=30),
        lines("In flight", "Messages that are being worked on.", [(level("drayage_in_flight", QUEUE, by="queue"), "{{queue}}")], "short", width=6),
        lines("Into and out of the lanes", "Messages per second. Where more are sent than ended, a backlog grows; its depth is CloudWatch's (last row).", [(rate("drayage_messages_total", 'action="sent"', QUEUE, by="queue"), "{{queue}} sent"), (rate("drayage_messages_total", 'action=~"deleted|parked"', QUEUE, by="queue"), "{{queue}} ended")], "cps", width=6),
        bars("Parked", "Messages put into a dead-letter queue, by queue and reason.", [(parked, "{{queue}} {{reason}}")], "short", width=6),
    ])  # fmt: skip


def errors() -> Row:
    bad = 'outcome=~"failed|released|parked|lost"'
    return Row("Errors by kind", panels=[
        bars("Attempts that did not complete", "By reason. Released ones are tried again.", [(count("drayage_attempts_total", bad, LANE, by="outcome, reason"), "{{outcome}}: {{reason}}")], "short"),
        bars("Requests that failed", "After the SDK's tries, by what that calls for. `precondition` is part of replacing an object.", [(count("drayage_faults_total", by="class"), "{{class}}")], "short"),
        bars("Failed files by customer", "Files that will not be tried again.", [(count(FILES, 'state="failed"', LANE, CUSTOMER, by="customer"), "{{customer}}")], "short"),
    ])  # fmt: skip


def ledger_and_cost() -> Row:
    hour = "1h"
    completed = count(FILES, COMPLETED, window=hour)
    cost = ratio(count("drayage_request_cost_total", window=hour), completed)
    cost_by_service = ratio(count("drayage_request_cost_total", by="service", window=hour), f"on () group_left () {completed}")
    requests = ratio(count("drayage_aws_requests_total", window=hour), completed)
    return Row("Ledger and cost", panels=[
        lines("Ledger writes", "Per second, by step.", [(rate("drayage_ledger_writes_total", by="step"), "{{step}}")], "wps", width=6),
        bars("Ledger: throttles, conflicts, failures", "Writes that were not made. Duplicates conflict, which is what conditions are for; throttles are those left after the SDK's tries.", [(count("drayage_ledger_writes_total", 'outcome!="done"', by="outcome"), "{{outcome}}")], "short", width=6),
        lines("Cost per file", "Estimated request cost of the last hour divided by its completed files.", [(cost, "all services"), (cost_by_service, "{{service}}")], "currencyUSD", width=6, decimals=7),
        lines("Requests per file", "Everything that is sent to AWS, receives and deletes included, divided by completed files; and what an attempt sends by itself.", [(requests, "all, per completed file"), (mean("drayage_attempt_requests", window=hour), "of one attempt")], "short", width=6),
    ])  # fmt: skip


def single_files() -> Row:
    query = '{ resource.service.name = "drayage-worker" && name =~ "process .*" }'
    return Row("Single files", height=8, panels=[
        traces("Last 10 attempts", "Metrics cannot name a file. These are the last traces that reached a worker, from Tempo: one for each attempt, with its duration.", query, 10, width=24),
    ])  # fmt: skip


def aws() -> Row:
    """Not moved by a laptop: the figures that only AWS has."""
    sessions = 'filter `activity-type` in ["CONNECTED", "DISCONNECTED", "AUTH_FAILURE", "ERROR"] | stats count(*) as sessions by `activity-type`, bin(5m)'
    ended = 'filter message in ["completed", "superseded", "failed"] | fields @timestamp, message, span.transfer, attempt, processing_time_ms, code | sort @timestamp desc | limit 10'
    workers = ["/$stack/worker-fast", "/$stack/worker-bulk"]
    panels: list[Panel] = [
        cloudwatch("Waiting", "Messages that nobody has received, dead-letter queues included: a `-dlq` line above zero is work for somebody.", "AWS/SQS", "QueueName", "ApproximateNumberOfMessagesVisible", "short"),
        cloudwatch("Oldest message, by SQS", "It leaves out messages that were received three times. Take the greater of this and `Oldest message`.", "AWS/SQS", "QueueName", "ApproximateAgeOfOldestMessage", "s"),
        cloudwatch("Ledger throttles, by DynamoDB", "Writes that DynamoDB throttled.", "AWS/DynamoDB", "TableName", "WriteThrottleEvents", "short", "Sum", prefix="$table"),
        cloudwatch("Running tasks", "By service.", "ECS/ContainerInsights", "ServiceName", "RunningTaskCount", "short"),
        logs("SFTP connections", "Sessions opened and closed, logins refused, errors: AWS Transfer has no metric of them, so they are counted from its log.", ["/aws/transfer/$stack"], sessions, chart=True, width=8),
        cloudwatch("SFTP bytes in", "By server.", "AWS/Transfer", "ServerId", "BytesIn", "bytes", "Sum", prefix="", width=8),
        cloudwatch("SFTP files in", "By server.", "AWS/Transfer", "ServerId", "FilesIn", "short", "Sum", prefix="", width=8),
        logs("Last 10 files", "From the workers' logs. A file is named by its transfer's id; its key is in the ledger.", workers, ended, width=24),
    ]
    return Row("AWS (CloudWatch)", panels, collapsed=True)


def made() -> dict:
    about = "Is work getting done, is anything waiting or failing, what does it cost. docs/dashboards.md says how to read it."
    rows = [now(), files(), latency(), queues(), errors(), ledger_and_cost(), single_files(), aws()]
    return dashboard("drayage-overview", "Drayage: overview", about, rows, ("Drayage: internals", "drayage-internals"), others=True)
