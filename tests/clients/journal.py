"""The simulator's journal: its calls held to the model, and what became of tasks.

Owns questions to journal entries. An `api` entry has the call as the simulator understood it, whoever made it; thus
the requests of the program itself, which speaks with another SDK, are held to the model here.
"""

from datetime import datetime

from model import check, check_error, service_model
from wire import check_answer

#: The journal names services as they sign; boto3 has other names for some.
NAMES = {"elasticloadbalancing": "elbv2"}


#: How the services say that they have no such operation.
UNKNOWN = ("UnknownOperationException", "InvalidAction")


#: What the journal writes instead of a secret, and something as long as models want secrets to be.
HIDDEN, SECRET = "…", "hidden" * 10


def calls(entries):
    """The API calls among entries, with something in the place of secrets."""
    return [_with_secrets(entry) for entry in entries if entry["type"] == "api"]


def _with_secrets(value):
    if isinstance(value, dict):
        return {name: _with_secrets(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_secrets(item) for item in value]
    return SECRET if value == HIDDEN else value


def by_program(entry):
    """Whether the program made this call: nobody else here speaks with the SDK for Rust."""
    return entry["client"] == "evenkeel"


def findings(entries, well_meant=lambda entry: entry["error"] is None or by_program(entry)):
    """What of the calls the models do not allow: of all answers, and of all requests that were meant well."""
    for entry in calls(entries):
        if entry["service"] == "ec2":
            # The journal has EC2's calls by the names of its wire, which `wire` holds to the model.
            continue
        model = service_model(NAMES.get(entry["service"], entry["service"]))
        place = f"entry {entry['seq']}, {entry['client']}, {entry['service']} {entry['operation']}"
        if entry["operation"] not in model.operation_names:
            if entry["error"] in UNKNOWN:
                continue
            yield f"{place}: no such operation"
            continue
        operation = model.operation_model(entry["operation"])
        text = model.metadata["protocol"] == "query"
        if entry["error"] is None:
            yield from _answer(operation, entry["result"], f"{place} answer", text)
        else:
            members = {name: value for name, value in entry["result"].items() if name != "message"}
            yield from check_error(operation, entry["error"], entry["status"], members)
        if well_meant(entry) and operation.input_shape is not None:
            yield from check(operation.input_shape, entry["input"], f"{place} input", text)


def _answer(operation, result, place, text):
    if text:
        yield from check(operation.output_shape, result, place, text=True)
    else:
        yield from check_answer(operation, result, place)


def births(entries):
    """The first event of each task, by task."""
    return {entry["task"]: entry for entry in _statuses(entries) if entry["from"] is None}


def groups(entries):
    """Whom each task belongs to, of those to which something happened."""
    return {entry["task"]: entry["group"] for entry in _statuses(entries)}


def one_off_tasks(entries):
    """The tasks that the program ran by RunTask."""
    return [task for task, entry in births(entries).items() if (entry.get("startedBy") or "").startswith("evenkeel/")]


def stopped_at(entries):
    """Where in the journal each task was STOPPED."""
    return {entry["task"]: entry["seq"] for entry in _statuses(entries) if entry["to"] == "STOPPED"}


def reached(entries, status):
    """The event by which each task came to be in this status, by task."""
    return {entry["task"]: entry for entry in _statuses(entries) if entry["to"] == status}


def draining(entries, seq):
    """The targets that drained just before this place in the journal, of those to which something happened."""
    states = {}
    for entry in entries:
        if entry.get("event") == "target.state" and entry["seq"] < seq:
            states[entry["targetGroup"], entry["ip"], entry["port"]] = entry["to"]
    return [target for target, state in states.items() if state == "draining"]


def seconds(entry):
    """When an entry was written, in seconds."""
    return datetime.fromisoformat(entry["time"].replace("Z", "+00:00")).timestamp()


def _statuses(entries):
    return [entry for entry in entries if entry.get("event") == "task.status"]
