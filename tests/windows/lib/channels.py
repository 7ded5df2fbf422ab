"""Channels of a made event log for tests/windows/stand-in/wevtapi.c, and events as EvtRender gives them."""

import datetime
import os
from xml.sax.saxutils import escape

NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
ITSELF = "Microsoft-Windows-Eventlog"
AUDITING = "Microsoft-Windows-Security-Auditing"


def data(**values):
    return "<EventData>%s</EventData>" % "".join(
        "<Data Name='%s'>%s</Data>" % (name, escape(value)) for name, value in values.items())


def cleared(**values):
    return "<UserData><LogFileCleared xmlns='%s'>%s</LogFileCleared></UserData>" % (
        NAMESPACE, "".join("<%s>%s</%s>" % (name, escape(value), name) for name, value in values.items()))


class Channels:
    def __init__(self, folder):
        self.folder, self.last = folder, {}
        os.makedirs(folder)

    def path(self, channel, ending=".xml"):
        return "%s/%s%s" % (self.folder, channel.replace("/", "%4"), ending)

    def event(self, channel, provider, number, rest):
        """An event with the channel's next EventRecordID."""
        self.last[channel] = self.last.get(channel, 0) + 1
        now = datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        return ("<Event xmlns='%s'><System><Provider Name='%s'/><EventID>%d</EventID><Level>0</Level>"
                "<TimeCreated SystemTime='%s'/><EventRecordID>%d</EventRecordID><Correlation/>"
                "<Execution ProcessID='4' ThreadID='8'/><Channel>%s</Channel><Computer>pc-1.example.org</Computer>"
                "<Security/></System>%s</Event>\n" % (NAMESPACE, provider, number, now, self.last[channel], channel, rest))

    def write(self, channel, events="", mode="a"):
        with open(self.path(channel), mode, newline="") as file:
            file.write(events)

    def add(self, channel, provider, number, rest):
        self.write(channel, self.event(channel, provider, number, rest))

    def fail(self, channel, error):
        with open(self.path(channel, ".error"), "w") as file:
            file.write(str(error))

    def heal(self, channel):
        os.remove(self.path(channel, ".error"))
