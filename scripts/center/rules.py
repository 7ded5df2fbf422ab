"""Rules by which `sign` decides: an INI file, one section a rule, the first that fits counts.

    [rule desktops]
    name = pc-* nb-*        shell patterns on the endpoint's name, one of them has to fit
    institution = MX-SAT    its code, exactly
    life = 90d              of the certificate: 60s, 10m, 12h, 90d
    per_day = 50            first certificates a day (UTC); renewals are limited by their own pace
    again = refuse          a new host asks for a name that lives: refuse, or replace (the old
                            certificate is revoked); for hosts that are installed again often"""

import configparser
import fnmatch
import re

from place import Fail, INSTITUTION, read

PATTERN = re.compile(r"[a-z0-9._*?\[\]!-]{1,80}")
LIFE = re.compile(r"([1-9][0-9]{0,6})([smhd])")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LIFE_MOST = 825 * 86400
LIFE_LEAST = 30
DEFAULTS = {"life": "90d", "per_day": "100", "again": "refuse"}
KEYS = ("name", "institution", "life", "per_day", "again")


class Rule:
    """What a section says, checked."""

    def __init__(self, name, values):
        self.name = name
        for key in values:
            if key not in KEYS:
                raise ValueError("%s: unknown; known are %s" % (key, " ".join(KEYS)))
        values = dict(DEFAULTS, **values)
        self.patterns = values.get("name", "").split()
        if not self.patterns or not all(map(PATTERN.fullmatch, self.patterns)):
            raise ValueError("name: patterns of a-z 0-9 . _ - * ? [ ] are needed")
        self.institution = values.get("institution", "")
        if not INSTITUTION.fullmatch(self.institution):
            raise ValueError("institution: the code is needed")
        life = LIFE.fullmatch(values["life"])
        self.life = int(life.group(1)) * UNITS[life.group(2)] if life else 0
        if not LIFE_LEAST <= self.life <= LIFE_MOST:
            raise ValueError("life: from 30s to 825d, as 90d")
        if not values["per_day"].isdigit():
            raise ValueError("per_day: a number is needed")
        self.per_day = int(values["per_day"])
        if values["again"] not in ("refuse", "replace"):
            raise ValueError("again: refuse or replace")
        self.replaces = values["again"] == "replace"

    def fits(self, cn, institution):
        return institution == self.institution and any(
            fnmatch.fnmatchcase(cn, pattern) for pattern in self.patterns)


class Rules:
    def __init__(self, path):
        text = read(path)
        if text is None:
            raise Fail("--rules %s: no such file" % path, 2)
        parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",),
                                           default_section="")
        try:
            parser.read_string(text, path)
        except configparser.Error as error:
            raise Fail(str(error).replace("\n", " "), 2)
        self.all = [self.one(path, section, dict(parser[section])) for section in
                    parser.sections()]
        if not self.all:
            raise Fail("%s: holds no [rule NAME]" % path, 2)

    @staticmethod
    def one(path, section, values):
        kind, _, name = section.partition(" ")
        try:
            if kind != "rule" or not name.strip():
                raise ValueError("sections are called [rule NAME]")
            return Rule(name.strip(), values)
        except ValueError as error:
            raise Fail("%s: [%s] %s" % (path, section, error), 2)

    def find(self, cn, institution):
        """The rule for a request, None if there is none."""
        return next((rule for rule in self.all if rule.fits(cn, institution)), None)
