"""What people are called here who are known elsewhere by a name of their own."""

import hashlib


def lms_person(issuer: str, subject: str) -> str:
    """The person that a user of an LMS is to the assistant: the same however they come, told from `issuer`'s others."""
    # A character that no issuer holds, so that two pairs never make one text; a subject may be no text at all.
    return "lms-" + hashlib.sha256(f"{issuer}\0{subject}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
