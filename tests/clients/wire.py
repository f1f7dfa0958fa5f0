"""What a simulator really sent, held to the model before any client has made it look better.

Owns the watch over clients: it sees each response as bytes, and gathers findings and the operations that were seen. A
Query answer is read twice: by our own walk through its XML, which nothing unknown passes, and by botocore's parser.
"""

import json
from collections import Counter
from xml.etree import ElementTree

from model import check, check_error


class Watch:
    """Findings, and how often each operation was answered, and refused."""

    def __init__(self):
        self.findings = []
        self.answered = Counter()
        self.refused = Counter()

    def over(self, client):
        """Sees every response that this client gets."""
        client.meta.events.register("before-parse", self._see)

    def _see(self, operation_model, response_dict, **_):
        service = operation_model.service_model
        status, body = response_dict["status_code"], response_dict["body"]
        seen = self.answered if status == 200 else self.refused
        seen[service.service_name, operation_model.name] += 1
        findings = FINDINGS[service.metadata["protocol"]]
        self.findings.extend(findings(operation_model, status, body))
        self.findings.extend(_header_findings(operation_model, response_dict["headers"], service.metadata["protocol"]))


def json_findings(operation, status, body):
    """What of a body in AWS JSON the model does not allow."""
    place = f"{operation.service_model.service_name} {operation.name}"
    members = json.loads(body)
    if status == 200:
        yield from check_answer(operation, members, place)
        return
    code = members.pop("__type", None)
    if not isinstance(members.pop("message", members.pop("Message", None)), str):
        yield f"{place}: the refusal has no message"
    yield from check_error(operation, code, status, members)


def query_findings(operation, status, body):
    """What of a body in XML the model does not allow."""
    place = f"{operation.service_model.service_name} {operation.name}"
    namespace = "{%s}" % operation.service_model.metadata["xmlNamespace"]
    root = ElementTree.fromstring(body)
    strange = [element.tag for element in root.iter() if not element.tag.startswith(namespace)]
    if strange:
        yield f"{place}: not in the namespace of the service: {strange}"
    for element in root.iter():
        element.tag = element.tag.removeprefix(namespace)
    if status != 200:
        yield from _xml_error_findings(operation, status, root, place)
        return
    wrapper = operation.output_shape.serialization["resultWrapper"]
    if root.tag != f"{operation.name}Response" or [child.tag for child in root] != [wrapper, "ResponseMetadata"]:
        yield f"{place}: the envelope is {root.tag} {[child.tag for child in root]}"
        return
    yield from check(operation.output_shape, _plain(operation.output_shape, root[0]), place, text=True)


def ec2_findings(operation, status, body):
    """What of a body in EC2's dialect of XML the model does not allow."""
    place = f"ec2 {operation.name}"
    root = ElementTree.fromstring(body)
    if status != 200:
        yield from _ec2_error_findings(root, place)
        return
    namespace = "{http://ec2.amazonaws.com/doc/2016-11-15/}"
    strange = [element.tag for element in root.iter() if not element.tag.startswith(namespace)]
    for element in root.iter():
        element.tag = element.tag.removeprefix(namespace)
    if strange or root.tag != f"{operation.name}Response" or root.findtext("requestId") is None:
        yield f"{place}: the envelope is {root.tag} {[child.tag for child in root]} {strange}"
        return
    # Whether it worked is in many answers and in few of the models.
    members = [child for child in root if child.tag not in ("requestId", "return")]
    if operation.output_shape is None:
        if members:
            yield f"{place}: answers nothing, and not {[child.tag for child in members]}"
        return
    root[:] = members
    yield from check(operation.output_shape, _plain(operation.output_shape, root), place, text=True)


def _ec2_error_findings(root, place):
    codes, message = root.findall("Errors/Error/Code"), root.findtext("Errors/Error/Message")
    if root.tag != "Response" or len(codes) != 1 or not message or root.find("RequestID") is None:
        yield f"{place}: the envelope of a refusal is {ElementTree.tostring(root)}"


def check_answer(operation, members, place):
    """What of the members of an answer the model does not allow; an operation may have none."""
    if operation.output_shape is not None:
        yield from check(operation.output_shape, members, place)
    elif members:
        yield f"{place}: answers nothing, and not {members}"


def _xml_error_findings(operation, status, root, place):
    error = root.find("Error")
    if root.tag != "ErrorResponse" or error is None or root.find("RequestId") is None:
        yield f"{place}: the envelope of a refusal is {ElementTree.tostring(root)}"
        return
    members = {child.tag: child.text for child in error}
    if members.pop("Type", None) not in ("Sender", "Receiver") or not members.pop("Message", None):
        yield f"{place}: the refusal has no type or message: {ElementTree.tostring(root)}"
    yield from check_error(operation, members.pop("Code", None), status, members)


def _header_findings(operation, headers, protocol):
    place = f"{operation.service_model.service_name} {operation.name}"
    wanted = {"json": "application/x-amz-json-1.1", "query": "text/xml", "ec2": "text/xml;charset=UTF-8"}[protocol]
    if headers.get("content-type") != wanted:
        yield f"{place}: content type {headers.get('content-type')} and not {wanted}"
    if not headers.get("x-amzn-requestid"):
        yield f"{place}: no request id"


def _plain(shape, element):
    """An element as nested dicts and lists whose leaves are strings; what the shape does not know is kept."""
    if shape.type_name == "structure":
        members = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        plain = {}
        for child in element:
            name, member = members.get(child.tag, (child.tag, None))
            # Twice the same member is a list where the model has none.
            name = f"{name} again" if name in plain else name
            plain[name] = _plain(member, child) if member else child.text
        return plain
    if shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        return [_plain(shape.member, child) if child.tag == item else {child.tag: "not an item"} for child in element]
    return element.text or ""


#: What checks the answers of a protocol.
FINDINGS = {"json": json_findings, "query": query_findings, "ec2": ec2_findings}
