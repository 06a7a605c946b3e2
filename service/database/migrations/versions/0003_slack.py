"""What Slack sends: questions by their place, the courses of channels, requests done once, workspaces."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slack_questions",
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("thread", sa.String(32), nullable=False),
        sa.Column("member", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reply", sa.String(32), nullable=True),
        sa.Column("answer_id", sa.String(64), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("team", "channel", "ts", name="pk_slack_questions"),
    )
    op.create_index("ix_slack_questions_person", "slack_questions", ["person"])
    op.create_index("ix_slack_questions_ended_at", "slack_questions", ["ended_at"])
    op.create_index("ix_slack_questions_team_channel_thread", "slack_questions", ["team", "channel", "thread"])
    op.create_table(
        "slack_channels",
        sa.Column("team", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("course", sa.String(255), nullable=True),
        sa.PrimaryKeyConstraint("team", "channel", name="pk_slack_channels"),
    )
    op.create_table(
        "slack_seen",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_slack_seen"),
    )
    op.create_index("ix_slack_seen_seen_at", "slack_seen", ["seen_at"])
    op.create_table(
        "slack_installations",
        sa.Column("workspace", sa.String(64), nullable=False),
        sa.Column("installation", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", name="pk_slack_installations"),
    )


def downgrade() -> None:
    op.drop_table("slack_installations")
    op.drop_table("slack_seen")
    op.drop_table("slack_channels")
    op.drop_table("slack_questions")
