"""Hostile strings: what a person or a plan might write so that readers see a mention, a link, a script or a lie."""

# ruff: noqa: E501, Q003 - one string beside the other, as they are
ATOMS = (
    "<!channel>", "<!here>", "<!everyone>", "<!channel|c>", "<@U0EVIL>", "<@W0EVIL|x>", "<#C0EVIL>", "<#C0EVIL|room>",
    "<!subteam^S0EVIL>", "<!subteam^S0EVIL|@all>", "<!date^0^{date}^https://evil.example|x>", "<!date^1^{time}|x>",
    "<https://evil.example>", "<http://evil.example|Approve>", "<mailto:a@evil.example|x>", "<tel:1|x>", "<//evil.example>",
    "<javascript:alert(1)|x>", "<slack://open>", "<ftp://evil.example>", "&lt;!channel&gt;", "&amp;lt;!here&amp;gt;",
    "&#60;!channel&#62;", "\\u003c!channel\\u003e", "%3C!channel%3E", "\uff1c!channel\uff1e", "\u2039!channel\u203a",
    "<!chan\u200bnel>", "<\u200b!channel>", "<!chan\nnel>", "<\x00!channel>", "<\ud800!channel>", "<<!channel>>",
    "<!channel", "!channel>", "<", ">", "&", "|", "@channel", "@here", "@everyone", "#general", "[x](https://evil.example)",
    "*bold*", "_it_", "~no~", "`code`", "```block```", "> quote", "before\n> quote", "before\n• a line of its own", "before\r\n1. one", ":sos:",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<iframe src=//evil.example>",
    "\" onmouseover=\"alert(1)", "' onclick='alert(1)", "</textarea><script>alert(1)</script>", "<a href=javascript:alert(1)>",
    "<style>*{display:none}</style>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "<!--", "-->",
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "`${alert(1)}`", "<math><mi//xlink:href=x>", "<b>b</b>",
    "\u202eevorppa\u202c", "\u2066x\u2069", "\u200f\u200e", "\u061c", "\u200b\u200c\u200d", "\ufeff", "\u2060", "\u00ad",
    "\u034f", "\u115f", "\u1160", "\u17b4", "\u180e", "\u3164", "\uffa0", "\u2800", "\U000e0041\U000e007f", "\ufff9x\ufffb",
    "\ud800", "\udfff", "a\ud83d", "\udc00b", "\x00", "\x07", "\x1b[2J", "\x85", "\x7f", "\r\n", "\t", "\v\f", "\u2028", "\u2029",
    "Z\u0351\u036b\u0343\u036a" * 20, "👨\u200d👩\u200d👧", "🏴\U000e0067\U000e0062\U000e007f", "ﷺ" * 50, "𒐫" * 40, "a\u0300" * 300,
    "", " ", "\u00a0", "None", "null", "undefined", "NaN", "0", "-1", "true", "%s%n", "../../etc/passwd", "=cmd|'/c x'!A1",
    "approved by <@U0EVIL>", "✅ *All gates passed*", "Code: rollout-ok", "rollout:promote", "operator:root", "clockwork",
    "x" * 40_000, "<" * 12_000, "&" * 9_000, "`" * 5_000, "*" * 4_000, "\n" * 3_000, "<!channel>" * 1_500, "é" * 20_000,
    "https://evil.example/" + "a" * 5_000, "\u202e" * 2_000, "\ud800" * 1_000, "🙂" * 8_000, "word " * 8_000, "&amp;" * 3_000,
)  # fmt: skip
GLUE = ("", " ", "\n", "|", "`", "*", ">", "<", "&", "\u200b", "^", ":", "/", "@", "!", "\\")
SHORT = tuple(each for each in ATOMS if len(each) < 200)


def hostile(random, number):
    """So many different strings: every atom alone, then atoms inside and beside each other."""
    made = dict.fromkeys(ATOMS)
    while len(made) < number:
        parts = random.choices(SHORT, k=random.randint(2, 5))
        text = random.choice(GLUE).join(parts)
        if random.random() < 0.3:
            at = random.randrange(len(text) + 1)
            text = text[:at] + random.choice(GLUE) + text[at:]
        made[text] = None
    return list(made)[:number] if number >= len(ATOMS) else random.sample(list(made), number)
