"""The tables: what is kept of conversations, the sites that may ask, and what Slack sends."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

REVISION = "0003"
"""The migration that makes these tables: the last one in `migrations/versions`."""

LONGEST_ID = 64

# Times are milliseconds since 1970: SQLite has no times with a zone.
CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("id", String(LONGEST_ID), primary_key=True),
    Column("course", String(255), nullable=False),
    Column("person", String(LONGEST_ID), nullable=False, index=True),
    Column("begun_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False, index=True),
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
    Column("course", String(255), nullable=False),
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
