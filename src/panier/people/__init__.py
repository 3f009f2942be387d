"""People: who somebody is, what they may do where, and what they let us keep.

owns    person, role, session, saved_address
says    nothing
hears   nothing
limits  a password of 10 to 200 characters; a sign-in lasts 30 days; 10 tries a minute
"""

from panier.people.actions import (
    choose_language,
    create_person,
    forget_address,
    grant_role,
    open_session,
    revoke_role,
    save_address,
    sign_in,
    sign_out,
    sign_out_everywhere,
    sign_up,
)
from panier.people.kept import ADDRESS, Keepsake
from panier.people.letters import Note, write_to
from panier.people.passwords import hash_password
from panier.people.person import Address, Person, Role, Session
from panier.people.queries import (
    find_person,
    find_person_by_email,
    get_people,
    get_person,
    get_saved_address,
    list_roles,
    list_sessions,
    list_staff,
    list_with_role,
)
from panier.people.reader import Reader, ReaderHere, read_reader, require, require_seller
from panier.people.rules import BadEmail, EmailTaken, WrongSignIn, may, normal_email

__all__ = [
    "ADDRESS",
    "Address",
    "BadEmail",
    "EmailTaken",
    "Keepsake",
    "Note",
    "Person",
    "Reader",
    "ReaderHere",
    "Role",
    "Session",
    "WrongSignIn",
    "choose_language",
    "create_person",
    "find_person",
    "find_person_by_email",
    "forget_address",
    "get_people",
    "get_person",
    "get_saved_address",
    "grant_role",
    "hash_password",
    "list_roles",
    "list_sessions",
    "list_staff",
    "list_with_role",
    "may",
    "normal_email",
    "open_session",
    "read_reader",
    "require",
    "require_seller",
    "revoke_role",
    "save_address",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "sign_up",
    "write_to",
]
