"""Sites, and what people thought of their answers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("course", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("origin", "course", name="pk_sites"),
    )
    op.create_table(
        "feedback",
        sa.Column("answer_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("course", sa.String(255), nullable=False),
        sa.Column("rating", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("answer_id", name="pk_feedback"),
        sa.ForeignKeyConstraint(["answer_id"], ["turns.answer_id"], name="fk_feedback_answer_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_table("sites")
