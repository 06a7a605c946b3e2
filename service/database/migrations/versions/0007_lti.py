"""Platforms of LTI, their contexts, logins on their way, the keys, and which LMS a conversation comes from."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("tenant", sa.String(300), nullable=False, server_default=""))
    op.create_index("ix_conversations_course_tenant", "conversations", ["course", "tenant"])
    op.drop_index("ix_conversations_course", "conversations")
    op.create_table(
        "lti_platforms",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("auth_url", sa.Text(), nullable=False),
        sa.Column("key_set_url", sa.Text(), nullable=False),
        sa.Column("token_url", sa.Text(), nullable=True),
        sa.Column("deployments", sa.Text(), nullable=False),
        sa.Column("frame_origins", sa.Text(), nullable=False),
        sa.Column("courses", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lti_platforms"),
        sa.UniqueConstraint("issuer", "client_id", name="uq_lti_platforms_issuer"),
    )
    op.create_table(
        "lti_contexts",
        sa.Column("platform_id", sa.String(16), nullable=False),
        sa.Column("deployment_id", sa.String(255), nullable=False),
        sa.Column("context_id", sa.String(255), nullable=False),
        sa.Column("course", sa.String(255), nullable=False),
        sa.Column("mapped_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["lti_platforms.id"], name="fk_lti_contexts_platform_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("platform_id", "deployment_id", "context_id", name="pk_lti_contexts"),
    )
    op.create_index("ix_lti_contexts_course", "lti_contexts", ["course"])
    op.create_table(
        "lti_courses",
        sa.Column("course", sa.String(255), nullable=False),
        sa.Column("platform_id", sa.String(16), nullable=False),
        sa.Column("deployment_id", sa.String(255), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["lti_platforms.id"], name="fk_lti_courses_platform_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course", name="pk_lti_courses"),
    )
    op.create_table(
        "lti_logins",
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("platform_id", sa.String(16), nullable=False),
        sa.Column("nonce", sa.String(255), nullable=False),
        sa.Column("proof", sa.String(64), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("launch", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["lti_platforms.id"], name="fk_lti_logins_platform_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("state", name="pk_lti_logins"),
    )
    op.create_index("ix_lti_logins_expires_at", "lti_logins", ["expires_at"])
    op.create_table(
        "lti_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lti_keys"),
    )
    op.create_table(
        "lti_invitations",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("courses", sa.Text(), nullable=False),
        sa.Column("frame_origins", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_lti_invitations"),
    )


def downgrade() -> None:
    for table in ("lti_invitations", "lti_keys", "lti_logins", "lti_courses", "lti_contexts", "lti_platforms"):
        op.drop_table(table)
    op.create_index("ix_conversations_course", "conversations", ["course"])
    op.drop_index("ix_conversations_course_tenant", "conversations")
    op.drop_column("conversations", "tenant")
