"""Reads the event logs of Windows (.evtx: chunks of binary XML, [MS-EVEN6] 2.2.12 and what is known of the file around
it) as far as tests need: events(path) gives one dict an event, {"Event": {"System": ..., "EventData": ...}}."""

import datetime
import struct
import uuid
from xml.sax.saxutils import escape

CHUNK = 65536


class Damaged(Exception):
    pass


class Element:
    def __init__(self, name):
        self.name, self.attributes, self.children = name, [], []


class Slot:
    def __init__(self, index, optional):
        self.index, self.optional = index, optional


def filetime(n):
    day = datetime.datetime(1601, 1, 1) + datetime.timedelta(microseconds=n // 10)
    return day.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sid(data):
    revision, count = data[0], data[1]
    authority = int.from_bytes(data[2:8], "big")
    return "-".join(["S", str(revision), str(authority)] + [str(n) for n in struct.unpack_from("<%dI" % count, data, 8)])


def systemtime(data):
    year, month, _, day, hour, minute, second, ms = struct.unpack("<8H", data[:16])
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (year, month, day, hour, minute, second, ms)


FIXED = {3: "<b", 4: "<B", 5: "<h", 6: "<H", 7: "<i", 8: "<I", 9: "<q", 10: "<Q", 11: "<f", 12: "<d"}


def value(kind, data):
    if kind & 0x80:
        return [v for v in data.decode("utf-16-le", "replace").split("\0") if v] if kind == 0x81 else data.hex().upper()
    if kind == 0 or (not data and kind != 1):
        return None
    if kind == 1:
        return data.decode("utf-16-le", "replace").rstrip("\0")
    if kind == 2:
        return data.decode("cp1252", "replace").rstrip("\0")
    if kind in FIXED:
        return str(struct.unpack_from(FIXED[kind], data)[0])
    if kind == 13:
        return "true" if any(data) else "false"
    if kind == 15:
        return "{%s}" % str(uuid.UUID(bytes_le=data[:16])).upper()
    if kind == 17:
        return filetime(struct.unpack_from("<Q", data)[0])
    if kind == 18:
        return systemtime(data)
    if kind == 19:
        return sid(data)
    if kind in (16, 20, 21):
        return "0x%x" % int.from_bytes(data, "little")
    return data.hex().upper()


class Chunk:
    def __init__(self, data):
        self.data = data
        self.templates = {}

    def u(self, form, at):
        return struct.unpack_from("<" + form, self.data, at)[0]

    def name(self, at):
        n = self.u("H", at + 6)
        return self.data[at + 8:at + 8 + 2 * n].decode("utf-16-le", "replace"), at + 8 + 2 * n + 2

    def name_at(self, at):
        """A name's offset stands at `at`; the name itself behind it where it is told first."""
        offset = self.u("I", at)
        name, end = self.name(offset)
        return name, end if offset == at + 4 else at + 4

    def nodes(self, at, end):
        """A list of elements, texts and slots, and where it ends."""
        root = Element("")
        stack, attribute = [root], None
        while at < end:
            token = self.data[at] & 0x1f if self.data[at] & 0x40 else self.data[at]
            more = self.data[at] & 0x40
            target = attribute if attribute is not None else stack[-1].children
            if token == 0x00:
                return root.children, at + 1
            if token == 0x01:
                # logs that were exported by a filter have no templates and then no dependency id
                name, at = self.name_at(at + (7 if self.u("I", at + 7) < CHUNK else 5))
                element = Element(name)
                stack[-1].children.append(element)
                stack.append(element)
                at += 4 if more else 0
            elif token in (0x02, 0x03, 0x04):
                attribute = None
                at += 1
                if token != 0x02:
                    stack.pop()
            elif token == 0x05:
                n = self.u("H", at + 2)
                target.append(self.data[at + 4:at + 4 + 2 * n].decode("utf-16-le", "replace"))
                at += 4 + 2 * n
            elif token == 0x06:
                name, at = self.name_at(at + 1)
                attribute = []
                stack[-1].attributes.append((name, attribute))
            elif token == 0x08:
                target.append(chr(self.u("H", at + 1)))
                at += 3
            elif token == 0x09:
                name, at = self.name_at(at + 1)
                target.append({"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}.get(name, ""))
            elif token in (0x0d, 0x0e):
                target.append(Slot(self.u("H", at + 1), token == 0x0e))
                at += 4
            elif token == 0x0c:
                children, at = self.instance(at)
                target.extend(children)
            elif token == 0x0f:
                at += 4
            else:
                raise Damaged("token %#x at %d" % (token, at))
        return root.children, at

    def template(self, offset):
        if offset not in self.templates:
            size = self.u("I", offset + 20)
            self.templates[offset] = (self.nodes(offset + 24, offset + 24 + size)[0], size)
        return self.templates[offset]

    def instance(self, at):
        offset = self.u("I", at + 6)
        nodes, size = self.template(offset)
        at += 10
        if offset == at:
            at += 24 + size
        count = self.u("I", at)
        kinds = [struct.unpack_from("<HB", self.data, at + 4 + 4 * i) for i in range(count)]
        at += 4 + 4 * count
        values = []
        for n, kind in kinds:
            values.append(self.nodes(at, at + n)[0] if kind == 0x21 else value(kind, self.data[at:at + n]))
            at += n
        return [fill(node, values) for node in nodes], at


def fill(node, values):
    """A copy of the template's node with the values in its slots."""
    if isinstance(node, Slot):
        return values[node.index] if node.index < len(values) else None
    if not isinstance(node, Element):
        return node
    done = Element(node.name)
    done.attributes = [(name, [fill(v, values) for v in parts]) for name, parts in node.attributes]
    for child in node.children:
        filled = fill(child, values)
        done.children.extend(filled if isinstance(filled, list) else [filled])
    return done


def text_of(parts):
    return "".join(p for p in parts if isinstance(p, str))


def attributes_of(element):
    return {name: text_of(v) for name, v in element.attributes if any(p is not None for p in v)}


def plain(element):
    """The value of an element: text, members by name, or None."""
    members = {}
    attributes = attributes_of(element)
    for child in element.children:
        if isinstance(child, Element):
            put(members, child.name, plain(child))
    if members:
        return members
    texts = [c for c in element.children if isinstance(c, str)]
    if attributes:
        return dict({"#attributes": attributes}, **({"#text": "".join(texts)} if texts else {}))
    return texts[0] if len(texts) == 1 else texts or None


def put(members, name, what):
    if name in members:
        old = members[name] if isinstance(members[name], list) else [members[name]]
        what = old + (what if isinstance(what, list) else [what])
    members[name] = what


def data_of(element):
    """EventData: the Data elements by their names."""
    members = {}
    for child in element.children:
        if isinstance(child, Element):
            name = attributes_of(child).get("Name", child.name)
            texts = [c for c in child.children if isinstance(c, str)]
            inner = [c for c in child.children if isinstance(c, Element)]
            put(members, name, plain(child) if inner else texts[0] if len(texts) == 1 else texts or None)
    return members


def as_dict(event):
    parts = {}
    for child in event.children:
        if isinstance(child, Element):
            parts[child.name] = data_of(child) if child.name == "EventData" else plain(child)
    return {"Event": parts}


def as_xml(node):
    """As EvtRender writes it, in one line."""
    if not isinstance(node, Element):
        return escape(str(node or ""), {"\r": "&#13;", "\n": "&#10;"})
    attributes = "".join(" %s='%s'" % (name, escape(value, {"'": "&apos;", "\n": "&#10;"}))
                         for name, value in attributes_of(node).items())
    return "<%s%s>%s</%s>" % (node.name, attributes, "".join(as_xml(child) for child in node.children), node.name)


def events(path, form=as_dict):
    with open(path, "rb") as file:
        whole = file.read()
    if whole[:8] != b"ElfFile\0":
        raise Damaged("no event log")
    for start in range(4096, len(whole) - 512, CHUNK):
        if whole[start:start + 8] != b"ElfChnk\0":
            continue
        chunk = Chunk(whole[start:start + CHUNK])
        at, end = 512, min(chunk.u("I", 0x30), len(chunk.data))
        while at + 24 < end and chunk.u("I", at) == 0x2a2a:
            size = chunk.u("I", at + 4)
            for node in chunk.nodes(at + 24, at + size - 4)[0]:
                if isinstance(node, Element):
                    yield form(node)
            if size < 28:
                break
            at += size
