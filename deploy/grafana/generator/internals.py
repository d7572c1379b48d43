"""The internals: what holds work up, and what the guards held back."""

from .dashboard import Row, dashboard
from .panels import bars, lines
from .queries import LANE, QUEUE, count, level, mean, quantile, rate, ratio

MESSAGES = "drayage_messages_total"
RECEIVES = "drayage_receives_total"
HEARTBEATS = "drayage_heartbeats_total"


def leases() -> Row:
    margin = "drayage_lease_margin_seconds"
    bad = ratio(rate(HEARTBEATS, 'outcome!="extended"', QUEUE, by="queue"), rate(HEARTBEATS, QUEUE, by="queue"))
    return Row("Leases and heartbeats", panels=[
        lines("Lease margin", "What was left of a lease when its heartbeat was answered: the worst hundredth, and half. Near zero, leases are lost.", [(quantile(0.01, margin, QUEUE, by="queue"), "{{queue}} 1 %"), (quantile(0.5, margin, QUEUE, by="queue"), "{{queue}} 50 %")], "s", width=6),
        lines("Heartbeats", "Per second, by what came back. Short files need none.", [(rate(HEARTBEATS, QUEUE, by="queue, outcome"), "{{queue}} {{outcome}}")], "cps", width=6),
        lines("Heartbeats that did not extend", "Share of all heartbeats.", [(bad, "{{queue}}")], "percentunit", width=6),
        bars("Leases lost", "Each stopped its work; the file is tried again.", [(count("drayage_leases_lost_total", QUEUE, by="queue, reason"), "{{queue}} {{reason}}")], "short", width=6),
    ])  # fmt: skip


def limits() -> Row:
    flight, flight_limit = level("drayage_in_flight", QUEUE, by="queue"), level("drayage_in_flight_limit", QUEUE, by="queue")
    return Row("Against the limits", panels=[
        lines("Streams", "Bodies on their way, over all workers, and how many may be (--streams-max).", [(level("drayage_streams"), "under way"), (level("drayage_streams_limit"), "limit")], "short", width=6),
        lines("Pace: streams that wait", "Copies that have a message and no permit yet: the budget is used up, or throttles made the pace slower.", [(level("drayage_streams_waiting"), "waiting")], "short", width=6),
        lines("Buffers", "Byte budget in use, over all workers, and the budget (--buffer-bytes).", [(level("drayage_buffers_bytes"), "in use"), (level("drayage_buffers_limit_bytes"), "budget")], "bytes", width=6),
        lines("In flight, of the limit", "Share of what the running processes may work on at once. At 100 %, more tasks would help.", [(ratio(flight, flight_limit), "{{queue}}")], "percentunit", width=6),
    ])  # fmt: skip


def queues() -> Row:
    empty = ratio(rate(RECEIVES, 'outcome="empty"', QUEUE, by="queue"), rate(RECEIVES, QUEUE, by="queue"))
    full = ratio(rate(MESSAGES, 'action="received"', QUEUE, by="queue"), rate(RECEIVES, 'outcome="messages"', QUEUE, by="queue"))
    return Row("Queues", panels=[
        lines("Receives", "Per second, by what they brought.", [(rate(RECEIVES, QUEUE, by="queue, outcome"), "{{queue}} {{outcome}}")], "cps", width=6),
        lines("Empty receives", "Share of all receives: each is paid for. Near 100 % the queue is empty.", [(empty, "{{queue}}")], "percentunit", width=6),
        lines("Messages in a full receive", "Of receives that brought any; ten is the most.", [(full, "{{queue}}")], "short", width=6),
        lines("Messages", "Per second, by what was done with them.", [(rate(MESSAGES, QUEUE, by="queue, action"), "{{queue}} {{action}}")], "cps", width=6),
    ])  # fmt: skip


def attempts() -> Row:
    sent = "drayage_attempt_requests"
    claims = count("drayage_files_total", 'state="processing"', LANE, by="lane", window="1h")
    ended = count("drayage_files_total", 'state=~"completed|superseded|failed"', LANE, by="lane", window="1h")
    return Row("Attempts", panels=[
        lines("Attempts", "Per second, by how they ended.", [(rate("drayage_attempts_total", LANE, by="outcome"), "{{outcome}}")], "cps", width=6),
        lines("Claims per file", "Of the last hour: one when nothing is tried twice.", [(ratio(claims, ended), "{{lane}}")], "short", width=6),
        lines("Requests of an attempt", "4 for a small new file: claim, GET, PUT, complete.", [(mean(sent, LANE, by="lane"), "{{lane}} mean"), (quantile(0.99, sent, LANE, by="lane"), "{{lane}} 99 %")], "short", width=6),
        lines("Copies", "Mean time from the claim to the end of the copy, by how it ended.", [(mean("drayage_copy_duration_seconds", LANE, by="outcome"), "{{outcome}}")], "s", width=6),
    ])  # fmt: skip


def requests() -> Row:
    everything = "drayage_aws_requests_total"
    return Row("Requests to AWS", panels=[
        lines("Requests", "Per second, each try of the SDK by itself.", [(rate(everything, by="service, operation"), "{{service}} {{operation}}")], "reqps"),
        bars("Requests that were not answered with success", "By outcome: `refused` is a condition that did not hold, or an error of ours; `none` had no answer.", [(count(everything, 'outcome!="ok"', by="service, outcome"), "{{service}} {{outcome}}")], "short"),
        bars("Requests that failed", "After the SDK's tries, by operation and class.", [(count("drayage_faults_total", by="operation, class"), "{{operation}} {{class}}")], "short"),
    ])  # fmt: skip


def ledger() -> Row:
    writes, units = "drayage_ledger_writes_total", "drayage_ledger_capacity_total"
    per_write = ratio(rate(units, by="step"), rate(writes, 'outcome="done"', by="step"))
    conflicts = ratio(rate(writes, 'outcome="conflict"', by="step"), rate(writes, by="step"))
    return Row("Ledger", panels=[
        bars("Writes by outcome", "By step. `queue` conflicts are duplicates; `claim` conflicts are second deliveries.", [(count(writes, by="step, outcome"), "{{step}} {{outcome}}")], "short"),
        lines("Conflicts", "Share of the writes of a step.", [(conflicts, "{{step}}")], "percentunit"),
        lines("Write units per write", "As DynamoDB reports them, indexes included.", [(per_write, "{{step}}")], "short"),
    ])  # fmt: skip


def guards() -> Row:
    processes = "count by (job) (count by (job, instance) (drayage_in_flight_limit))"
    return Row("Guards and processes", panels=[
        bars("Guards", "How often a guard of an invariant held something back (docs/observability.md). A guard that works is no broken promise.", [(count("drayage_guards_total", by="invariant"), "{{invariant}}")], "short"),
        bars("Task protection", "Requests that ECS protect a task from scale-in, or end that, by what became of them. Nothing outside of ECS.", [(count("drayage_task_protection_total", by="outcome"), "{{outcome}}")], "short"),
        lines("Processes", "Those that export.", [(processes, "{{job}}")], "short"),
    ])  # fmt: skip


def made() -> dict:
    about = "What holds work up, and what the guards held back. docs/dashboards.md says how to read it."
    rows = [leases(), limits(), queues(), attempts(), requests(), ledger(), guards()]
    return dashboard("drayage-internals", "Drayage: internals", about, rows, ("Drayage: overview", "drayage-overview"), others=False)
