"""What AWS's models forbid is refused: every request of the tour again, wrong in one place at a time."""

import journal
from model import service_model
from mutants import mutants, send
from tour import tour


def test_requests_that_the_models_forbid_are_refused_as_declared(still):
    tour(still)
    taken, misdeclared, sent = [], [], set()
    for entry in journal.calls(still.journal()):
        if entry["service"] == "ec2":
            # Its model has other names for members than its wire, and forbids next to nothing.
            continue
        operation = service_model(boto_name(entry)).operation_model(entry["operation"])
        text = operation.service_model.metadata["protocol"] == "query"
        for place, request in mutants(operation, entry["input"], text):
            if place in sent:
                continue
            sent.add(place)
            accepted, findings = send(still.endpoint, operation, request)
            misdeclared.extend(f"{place}: {finding}" for finding in findings)
            if accepted:
                taken.append(place)
    assert len(sent) > 300
    assert misdeclared == []
    assert taken == []


def boto_name(entry):
    """A journal entry's service by boto3's name."""
    return journal.NAMES.get(entry["service"], entry["service"])
