"""AWS's own service models, as botocore carries them, and what of a value they do not allow.

Owns reading shapes. Every finding is a sentence with the place in it; no finding means that the value holds. Knows
nothing of HTTP, of the journal, or of the simulator.
"""

import base64
import re
from functools import cache

import botocore.session

#: Codes that every operation may answer, and that models do not repeat: AWS's "Common Errors" pages, and what the JSON
#: protocol itself refuses with.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalFailure",
    "InvalidAction",
    "MalformedQueryString",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationError",
    "ValidationException",
}

#: Lists of which AWS's models ask for one item at least because requests share their shape, and which AWS answers
#: empty: the tags of a load balancer's resource that has none, and the images of a repository without any.
MAY_BE_EMPTY = {"TagList", "ImageIdentifierList"}

#: Words that AWS documents and says, and that its models leave out: an internet gateway that is attached.
ALSO_SAID = {"AttachmentStatus": {"available"}}

#: ISO 8601 in UTC, as the Query protocol writes it.
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")

#: The types of JSON that a type of the models is written in.
JSON_TYPES = {
    "boolean": bool,
    "double": (int, float),
    "float": (int, float),
    "integer": int,
    "long": int,
    "string": str,
    "character": str,
    "timestamp": (int, float),
    "blob": str,
}


@cache
def service_model(service):
    """The model of a service, by boto3's name of it."""
    return botocore.session.Session().get_service_model(service)


def check(shape, value, place, text=False):
    """What of `value` the shape does not allow. With `text`, all leaves are strings, as in the Query protocol."""
    if shape.type_name == "structure":
        yield from _structure(shape, value, place, text)
    elif shape.type_name == "list":
        yield from _list(shape, value, place, text)
    elif shape.type_name == "map":
        yield from _map(shape, value, place, text)
    else:
        yield from _leaf(shape, value, place, text)


def check_error(operation, code, status, members):
    """What of a refusal the operation does not declare. `members` are those beside code and message."""
    place = f"{operation.service_model.service_name} {operation.name} {code}"
    declared = {_code(shape): shape for shape in operation.error_shapes}
    if code not in declared:
        if code not in COMMON_ERRORS:
            yield f"{place}: not declared; declared are {sorted(declared)}"
        return
    shape = declared[code]
    expected = _status(shape)
    if status != expected:
        yield f"{place}: status {status} and not {expected}"
    for name, value in members.items():
        if name not in shape.members:
            yield f"{place}: has no member {name}"
        else:
            yield from check(shape.members[name], value, f"{place}.{name}")


def _status(shape):
    # botocore does not pass `fault` on, which is how the JSON services mark what is AWS's own fault.
    default = 500 if shape._shape_model.get("fault") else 400
    return shape.metadata.get("error", {}).get("httpStatusCode", default)


def _code(shape):
    return shape.metadata.get("error", {}).get("code", shape.name)


def _structure(shape, value, place, text):
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is no structure"
        return
    for name in shape.required_members:
        if name not in value:
            yield f"{place}: required member {name} is missing"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{place}: a union has exactly one member, and not {sorted(value)}"
    for name, member in value.items():
        if name not in shape.members:
            yield f"{place}: {shape.name} has no member {name}"
        else:
            yield from check(shape.members[name], member, f"{place}.{name}", text)


def _list(shape, value, place, text):
    # The Query protocol writes an empty list as an empty string.
    value = [] if text and value == "" else value
    if not isinstance(value, list):
        yield f"{place}: {value!r} is no list"
        return
    if value or shape.name not in MAY_BE_EMPTY:
        yield from _bounds(shape, len(value), f"{place}: {len(value)} items")
    for index, item in enumerate(value):
        yield from check(shape.member, item, f"{place}[{index}]", text)


def _map(shape, value, place, text):
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is no map"
        return
    for key, item in value.items():
        yield from check(shape.key, key, f"{place} key", text)
        yield from check(shape.value, item, f"{place}[{key}]", text)


def _leaf(shape, value, place, text):
    kind = shape.type_name
    if text:
        value = _read(kind, value)
    # For Python, True is a number; for AWS it is none.
    if not isinstance(value, JSON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{place}: {value!r} is no {kind}"
    elif kind == "string":
        yield from _string(shape, value, place)
    elif kind == "blob":
        yield from _blob(value, place)
    elif kind in ("integer", "long", "float", "double"):
        yield from _bounds(shape, value, f"{place}: {value}")


def _string(shape, value, place):
    if shape.enum and value not in shape.enum and value not in ALSO_SAID.get(shape.name, ()):
        yield f"{place}: {value!r} is none of {shape.enum}"
    yield from _bounds(shape, len(value), f"{place}: {len(value)} characters")
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield f"{place}: {value!r} does not match {pattern}"


def _blob(value, place):
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        yield f"{place}: {value!r} is no base64"


def _bounds(shape, size, what):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{what}, at least {low}"
    if high is not None and size > high:
        yield f"{what}, at most {high}"


def _matches(pattern, value):
    try:
        return re.search(pattern, value) is not None
    except re.error:
        # Written for Java; what Python cannot read is not checked.
        return True


def _read(kind, value):
    """A leaf of the Query protocol as the JSON protocol would write it; as it is where it cannot be read."""
    if not isinstance(value, str):
        return value
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    if kind in ("integer", "long"):
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    if kind in ("float", "double"):
        return float(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else value
    if kind == "timestamp":
        return 0 if ISO_TIME.fullmatch(value) else value
    return value
