"""The tables: what is kept of conversations, the sites that may ask, and what Slack sends."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

REVISION = "0007"
"""The migration that makes these tables: the last one in `migrations/versions`."""

LONGEST_ID = 64

# Times are milliseconds since 1970: SQLite has no times with a zone. `tenant` is that of the `Caller` who began it.
CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("id", String(LONGEST_ID), primary_key=True),
    Column("course", String(255), nullable=False),
    Column("person", String(LONGEST_ID), nullable=False, index=True),
    Column("begun_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False, index=True),
    Column("tenant", String(300), nullable=False, server_default=""),
    Index("ix_conversations_course_tenant", "course", "tenant"),
)

TURNS = Table(
    "turns",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("answer_id", String(LONGEST_ID), nullable=False, unique=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("status", String(32), nullable=False),
    Column("standalone_question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Index("ix_turns_conversation_id_number", "conversation_id", "number"),
)

# What was removed, for a while: another process may still hold a turn that was asked before.
REMOVALS = Table(
    "removals",
    METADATA,
    Column("name", String(LONGEST_ID + 16), primary_key=True),
    Column("removed_at", BigInteger, nullable=False, index=True),
)

# An opinion goes with its answer, and so with its conversation and its person.
FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("answer_id", ForeignKey("turns.answer_id", ondelete="CASCADE"), primary_key=True),
    Column("conversation_id", String(LONGEST_ID), nullable=False),
    Column("person", String(LONGEST_ID), nullable=False),
    Column("course", String(255), nullable=False, index=True),
    Column("rating", String(32), nullable=False),
    Column("reason", Text),
    Column("given_at", BigInteger, nullable=False),
)

# One row for each course of each site.
SITES = Table(
    "sites",
    METADATA,
    Column("origin", String(300), primary_key=True),
    Column("course", String(255), primary_key=True),
)

# A message that is answered, by the place that Slack gave it. Whoever takes it holds it until `lease_until`; `attempts`
# tells who took it last.
SLACK_QUESTIONS = Table(
    "slack_questions",
    METADATA,
    Column("team", String(LONGEST_ID), primary_key=True),
    Column("channel", String(LONGEST_ID), primary_key=True),
    Column("ts", String(32), primary_key=True),
    Column("thread", String(32), nullable=False),
    Column("member", String(LONGEST_ID), nullable=False),
    Column("person", String(LONGEST_ID), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reply", String(32)),
    Column("answer_id", String(LONGEST_ID)),
    Column("ended_at", BigInteger, index=True),
    Index("ix_slack_questions_team_channel_thread", "team", "channel", "thread"),
)

# The course of a channel or a direct message; none where it was asked for and is not chosen yet.
SLACK_CHANNELS = Table(
    "slack_channels",
    METADATA,
    Column("team", String(LONGEST_ID), primary_key=True),
    Column("channel", String(LONGEST_ID), primary_key=True),
    Column("course", String(255)),
)

# What is done once only: requests by their signature, permissions to install by their state.
SLACK_SEEN = Table(
    "slack_seen",
    METADATA,
    Column("name", String(LONGEST_ID + 16), primary_key=True),
    Column("seen_at", BigInteger, nullable=False, index=True),
)

# The tokens of a workspace, encrypted.
SLACK_INSTALLATIONS = Table(
    "slack_installations",
    METADATA,
    Column("workspace", String(LONGEST_ID), primary_key=True),
    Column("installation", Text, nullable=False),
)

# Keys of the API. The secret itself is kept nowhere, only its digest; `courses` is a JSON list, none for all. Where an
# LMS says for which of its users it asks, `issuer` is its name, and its tokens are signed with a key of the set at
# `key_set_url` or with `signing_secret`, which is encrypted.
KEYS = Table(
    "keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(32), nullable=False),
    Column("courses", Text),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("issuer", String(255)),
    Column("key_set_url", Text),
    Column("signing_secret", Text),
    Column("users_only", Boolean, nullable=False, server_default=false()),
)

# Who is told of what happens. `events` and `courses` are lists in JSON, `courses` none for all; `secret` is encrypted.
WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("url", Text, nullable=False),
    Column("name", String(200), nullable=False),
    Column("events", Text, nullable=False),
    Column("courses", Text),
    Column("secret", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

# What waits to be told. It goes with the answer that it is about, and so with its conversation and its person. Whoever
# sends it moves `due_at` on first, so that nobody else does meanwhile.
WEBHOOK_DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(LONGEST_ID), nullable=False, unique=True),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("answer_id", ForeignKey("turns.answer_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False, index=True),
    Index("ix_webhook_deliveries_webhook_id_number", "webhook_id", "number"),
)

# What is to change in the material of a course, in the order in which it was asked. `material` names the folder that
# holds it; `worker` builds the index until `lease_until`.
JOBS = Table(
    "jobs",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(LONGEST_ID), nullable=False, unique=True),
    Column("material", String(LONGEST_ID), nullable=False),
    Column("course", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("document_id", String(255), nullable=False),
    Column("person", String(LONGEST_ID), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("status", String(32), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger, index=True),
    Column("worker", String(LONGEST_ID), nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("ix_jobs_status_material_course", "status", "material", "course"),
)

# Platforms that launch Repère by LTI, by issuer and client. `deployments`, `frame_origins` and `courses` are lists in
# JSON.
LTI_PLATFORMS = Table(
    "lti_platforms",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("issuer", String(500), nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("name", String(200), nullable=False),
    Column("auth_url", Text, nullable=False),
    Column("key_set_url", Text, nullable=False),
    Column("token_url", Text),
    Column("deployments", Text, nullable=False),
    Column("frame_origins", Text, nullable=False),
    Column("courses", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    UniqueConstraint("issuer", "client_id"),
)

# The course of a context, which is what an LMS calls its own courses.
LTI_CONTEXTS = Table(
    "lti_contexts",
    METADATA,
    Column("platform_id", ForeignKey("lti_platforms.id", ondelete="CASCADE"), primary_key=True),
    Column("deployment_id", String(255), primary_key=True),
    Column("context_id", String(255), primary_key=True),
    Column("course", String(255), nullable=False, index=True),
    Column("mapped_at", BigInteger, nullable=False),
)

# Courses that were made from a deployment, and are its teachers' alone.
LTI_COURSES = Table(
    "lti_courses",
    METADATA,
    Column("course", String(255), primary_key=True),
    Column("platform_id", ForeignKey("lti_platforms.id", ondelete="CASCADE"), nullable=False),
    Column("deployment_id", String(255), nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

# Logins on their way. `proof` is the digest of what the browser keeps; `launch` what came back, once.
LTI_LOGINS = Table(
    "lti_logins",
    METADATA,
    Column("state", String(64), primary_key=True),
    Column("platform_id", ForeignKey("lti_platforms.id", ondelete="CASCADE"), nullable=False),
    Column("nonce", String(255), nullable=False),
    Column("proof", String(64), nullable=False),
    Column("parameters", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("used_at", BigInteger),
    Column("launch", Text),
)

# The keys that Repère signs with, encrypted; the newest that is a day old signs, all are published.
LTI_KEYS = Table(
    "lti_keys",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("private_key", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

# Whoever has one may register a platform, once.
LTI_INVITATIONS = Table(
    "lti_invitations",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("courses", Text, nullable=False),
    Column("frame_origins", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
