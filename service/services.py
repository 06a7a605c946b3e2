"""Services of a process, built once: what the application, MCP, Slack and the command line start from."""

from collections.abc import Callable
from functools import cached_property

from reperage.service.access.encryption import Encryption
from reperage.service.access.jwks import JwksCache
from reperage.service.access.lms_user_tokens import PURPOSE as USERS
from reperage.service.access.lms_user_tokens import UserTokens
from reperage.service.access.registry import Registry
from reperage.service.access.secret_keys import secret_keys
from reperage.service.access.signed_tokens import Tokens
from reperage.service.assistant import Assistant
from reperage.service.conversations.conversations import Conversations
from reperage.service.courses.building import BuildProgress
from reperage.service.courses.job_worker import JobWorker
from reperage.service.courses.jobs import Jobs
from reperage.service.courses.library import CourseLibrary
from reperage.service.database.engine import Database, database_of
from reperage.service.database.migration_worker import MigrationWorker
from reperage.service.loading import Loading
from reperage.service.rate_limits.limiter import RateLimiter
from reperage.service.settings import Settings
from reperage.service.webhooks.delivery_worker import DeliveryWorker
from reperage.service.webhooks.signing import PURPOSE as WEBHOOKS

Part = Conversations | DeliveryWorker | JobWorker | MigrationWorker
"""Part of a process that runs in a thread of its own from a start to an end."""


class Services:
    """Parts of one process, each made when it is first used and only once; nothing runs before it is started.

    A process that keeps no turns (MCP, the command line) answers without writing to the database.
    """

    def __init__(
        self,
        settings: Settings,
        progress: BuildProgress = lambda course, done, total: None,
        on_loaded: Callable[[Loading], None] = lambda loading: None,
        *,
        keeps_turns: bool = True,
    ) -> None:
        """`progress` is told how far the building of an index is; `on_loaded` that the assistant is made, or cannot be.

        Raises:
            StartError: a setting is malformed, or needs a library that is not installed.
        """
        self.settings = settings
        self.courses = CourseLibrary(settings)
        self.conversations = Conversations(self.database, settings.retention_days) if keeps_turns else Conversations()
        self._on_loaded = on_loaded
        self.loading = Loading(settings, progress, self._after_loading, self.conversations, self.courses)
        self._running_parts: list[Part] = []
        self._builds = False

    @property
    def assistant(self) -> Assistant:
        """Assistant of this process; raises `NotReady` until there is one."""
        return self.loading.assistant

    @cached_property
    def database(self) -> Database:
        return database_of(self.settings)

    @cached_property
    def secret_keys(self) -> list[str]:
        """Keys that tokens are signed with; made in `REPERE_HOME` where no setting names it. Raises `StartError`."""
        return secret_keys(self.settings.secret_key, self.settings.home)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.secret_keys)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.database)

    @cached_property
    def jwks(self) -> JwksCache:
        return JwksCache()

    @cached_property
    def user_tokens(self) -> UserTokens:
        return UserTokens(Encryption(self.secret_keys, USERS), self.jwks)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        return RateLimiter.of(self.settings)

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.settings, self.database)

    @cached_property
    def job_worker(self) -> JobWorker:
        return JobWorker(self.settings, self.jobs, self.database)

    @cached_property
    def deliveries(self) -> DeliveryWorker:
        return DeliveryWorker(self.database, Encryption(self.secret_keys, WEBHOOKS))

    @cached_property
    def migration(self) -> MigrationWorker:
        return MigrationWorker(self.database, self.conversations.look_for_tables)

    def prepare_for_requests(self) -> None:
        """Make what requests are let in by, so that a setting that is wrong is told before anything is served.

        Raises:
            StartError: a setting is malformed, or needs a library that is not installed.
        """
        self.registry, self.rate_limiter  # noqa: B018  # Each is made when it is first asked for.

    def start(self, *, builds: bool = True) -> None:
        """Load the assistant, make the tables, keep what is asked, tell webhooks; and build changed courses, where
        `builds`, once the assistant is there.

        Raises:
            StartError: a secret key is too short to be one.
        """
        self._builds = builds
        self._running_parts = [
            self.conversations,
            self.deliveries,
            self.migration,
            *([self.job_worker] if builds else []),
        ]
        self.migration.start()
        self.conversations.start()
        self.deliveries.start()
        self.loading.start()

    def _after_loading(self, loading: Loading) -> None:
        if self._builds and loading.is_ready:
            self.job_worker.start(loading.assistant.pipeline.encoder)
        self._on_loaded(loading)

    def end(self) -> None:
        """Begin nothing more. All are told before one is waited for: a container's time to end is short."""
        for part in self._running_parts:
            part.end()
        for name in ("registry", "rate_limiter"):
            if name in self.__dict__:
                getattr(self, name).close()

    def close(self) -> None:
        """End, and wait for what is being done, for seconds at most."""
        self.end()
        for part in self._running_parts:
            part.close()
        if "database" in self.__dict__:
            self.database.close()
