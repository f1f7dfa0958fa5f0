"""Requests that are wrong in exactly one place, made from right ones by what the model says.

Owns the ways of being wrong: another type, a word that is none, too short, too long, too few, too many, too small, too
great, something required left out. Only what the model really forbids is a mutant.
"""

import json
import urllib.error
import urllib.parse
import urllib.request

from model import check
from wire import json_findings, query_findings

#: A value of another type than the shape's, for the JSON protocol, which has types.
OTHER_TYPE = {"structure": "x", "list": "x", "map": "x", "string": {"a": 1}, "blob": {"a": 1}}

#: Longer bodies than this are refused by every door, whatever is in them.
LONGEST = 200_000


def mutants(operation, right, text):
    """Pairs of a place with what is wrong there, and the whole input with that one fault."""
    for place, wrong in _of(operation.input_shape, right, operation.name, text):
        forbidden = isinstance(wrong, dict) and any(check(operation.input_shape, wrong, "", text))
        if forbidden and len(json.dumps(wrong)) < LONGEST:
            yield place, wrong


def _of(shape, right, place, text):
    kind = shape.type_name
    if not text:
        yield f"{place}: another type", OTHER_TYPE.get(kind, "x")
    yield from ((f"{place}: {fault}", wrong) for fault, wrong in _out_of_bounds(shape, right, text))
    if kind == "structure":
        for name in shape.required_members:
            yield f"{place}: without {name}", {key: value for key, value in right.items() if key != name}
        for name, value in right.items():
            for inner, wrong in _of(shape.members[name], value, f"{place}.{name}", text):
                yield inner, {**right, name: wrong}
    elif kind == "list" and right:
        for inner, wrong in _of(shape.member, right[0], f"{place}[]", text):
            yield inner, [wrong, *right[1:]]


def _out_of_bounds(shape, right, text):
    kind, low, high = shape.type_name, shape.metadata.get("min"), shape.metadata.get("max")
    if kind == "string":
        if shape.enum:
            yield "no such word", "NO_SUCH_WORD"
        if low:
            yield "too short", "a" * (low - 1)
        if high:
            yield "too long", "a" * (high + 1)
    elif kind in ("integer", "long"):
        if low is not None:
            yield "too small", str(low - 1) if text else low - 1
        if high is not None:
            yield "too great", str(high + 1) if text else high + 1
    elif kind == "list":
        if low:
            yield "too few", right[: low - 1]
        if high and right:
            yield "too many", (right * (high // len(right) + 1))[: high + 1]


def send(endpoint, operation, request):
    """Sends a request as it is; gives whether it was accepted, and what of a refusal the model does not allow."""
    metadata = operation.service_model.metadata
    if metadata["protocol"] == "query":
        pairs = [("Action", operation.name), ("Version", metadata["apiVersion"]), *_flat("", request)]
        body, headers = urllib.parse.urlencode(pairs), {"content-type": "application/x-www-form-urlencoded"}
        findings = query_findings
    else:
        body = json.dumps(request)
        headers = {"x-amz-target": f"{metadata['targetPrefix']}.{operation.name}"}
        headers["content-type"] = "application/x-amz-json-1.1"
        findings = json_findings
    try:
        with urllib.request.urlopen(urllib.request.Request(endpoint, body.encode(), headers)) as answer:
            answer.read()
        return True, []
    except urllib.error.HTTPError as refusal:
        return False, list(findings(operation, refusal.code, refusal.read()))


def _flat(prefix, value):
    """The pairs of the Query protocol."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, member)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value, 1):
            yield from _flat(f"{prefix}.member.{index}", item)
    else:
        yield prefix, value or ""
