"""Who may sign in with what, and who may do what."""

from collections.abc import Collection

from email_validator import EmailNotValidError, validate_email

from panier.kit.errors import BadInput, PanierError

ROLES = frozenset({"host", "seller", "market", "finance", "admin"})
SHOPPER = "shopper"
"""What everybody who is signed in is, in every market."""
PASSWORD_MIN, PASSWORD_MAX = 10, 200
"""Characters; the upper limit bounds the work of hashing."""
DISTINCT_MIN = 5
"""Different characters a password needs, so that it is not one key pressed again and again."""
TELLING_MIN = 4
"""Characters of a name or address that count; shorter ones occur in any password."""
REST_MIN = 6
"""Characters that must be left of a password when a name or address is taken out."""
NAME_MAX = 80
EMAIL_MAX = 254
"""Characters (RFC 5321, 4.5.3.1.3)."""
COMMON = frozenset(
    """
    0123456789 1234567890 12345678910 0987654321 123456789a 1234567891 1q2w3e4r5t
    1qaz2wsx3edc abcdefghij abcd1234567 azertyuiop azerty1234 azerty12345 qwertyuiop
    qwerty1234 qwerty12345 qwerty123456 qwertzuiop asdfghjkl1 zaq12wsxcde password12
    password123 password1234 passw0rd123 motdepasse motdepasse1 motdepasse123 contrasena
    contrasena1 contrasena123 passwort12 passwort123 passwort1234 parola12345 jetaime123
    doudou1234 loulou1234 iloveyou12 iloveyou123 letmein1234 welcome123 welcome1234
    bienvenue1 bienvenue123 football12 football123 changeme123 administrator administrateur
    livestream shopping123
    """.split()  # noqa: SIM905 - a hundred quotes would hide the words
)
"""What is guessed first, of what is long enough."""


class WrongSignIn(PanierError):
    """This e-mail address and password do not belong together."""

    code, status = "wrong_sign_in", 401


class EmailTaken(PanierError):
    """There is an account with this e-mail address already; please sign in."""

    code, status = "email_taken", 409


class BadEmail(PanierError):
    """This does not look like an e-mail address; it should be like name@example.com."""

    code, status = "bad_email", 422


class NameNeeded(PanierError):
    """Please tell us what to call you, in 1 to %(most)s characters."""

    code, status = "name_needed", 422


class PasswordTooShort(PanierError):
    """A password needs %(least)s characters or more; four random words make a good one."""

    code, status = "password_too_short", 422


class PasswordTooLong(PanierError):
    """A password has at most %(most)s characters."""

    code, status = "password_too_long", 422


class PasswordTooEasy(PanierError):
    """This password is among the first that would be guessed; four random words make a good one."""

    code, status = "password_too_easy", 422


class PasswordTellsYou(PanierError):
    """A password that holds your name or e-mail address is easy to guess; please take another."""

    code, status = "password_tells_you", 422


def normal_email(given: str) -> str:
    """Return the one form under which an address is kept; raises BadEmail.

    Small letters throughout: no provider of weight tells Anna@ and anna@ apart.
    """
    try:
        found = validate_email(given.strip(), check_deliverability=False, test_environment=False)
    except EmailNotValidError:
        raise BadEmail from None
    return found.normalized.lower()


def normal_name(given: str) -> str:
    """Return a name without stray blanks; raises NameNeeded."""
    name = " ".join(given.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise NameNeeded(most=NAME_MAX)
    return name


def check_password(password: str, *about: str) -> None:
    """Refuse what is soon guessed, also from what is known `about` its owner (NIST 800-63B)."""
    if len(password) < PASSWORD_MIN:
        raise PasswordTooShort(least=PASSWORD_MIN)
    if len(password) > PASSWORD_MAX:
        raise PasswordTooLong(most=PASSWORD_MAX)
    low = password.lower()
    if low in COMMON or len(set(low)) < DISTINCT_MIN:
        raise PasswordTooEasy
    words = [word for known in about for word in known.lower().replace("@", " ").split()]
    if any(len(word) >= TELLING_MIN and len(low.replace(word, "")) < REST_MIN for word in words):
        raise PasswordTellsYou


def check_role(role: str, seller_given: bool) -> None:  # noqa: FBT001 - a fact, not a switch
    """Refuse a role that does not exist, or that lacks its seller."""
    if role not in ROLES or (role == "seller") != seller_given:
        raise BadInput(field="role", reason=role)


def may(roles: Collection[str], wanted: Collection[str]) -> bool:
    """Tell whether somebody with `roles` in a market has one of those `wanted`."""
    return "admin" in roles or any(role in roles for role in wanted)


def device_of(user_agent: str) -> str:
    """Return browser and system by their names alone; the rest would only identify people."""
    browsers = {
        "Edg/": "Edge",
        "OPR/": "Opera",
        "SamsungBrowser/": "Samsung Internet",
        "Firefox/": "Firefox",
        "FxiOS/": "Firefox",
        "CriOS/": "Chrome",
        "Chrome/": "Chrome",
        "Safari/": "Safari",
    }
    systems = {
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Android": "Android",
        "Windows": "Windows",
        "Mac OS X": "macOS",
        "Linux": "Linux",
    }
    found = [
        next((name for sign, name in names.items() if sign in user_agent), "")
        for names in (browsers, systems)
    ]
    return ", ".join(name for name in found if name)
