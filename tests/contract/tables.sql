CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE conversations (
	id VARCHAR(64) NOT NULL, 
	course VARCHAR(255) NOT NULL, 
	person VARCHAR(64) NOT NULL, 
	begun_at BIGINT NOT NULL, 
	last_at BIGINT NOT NULL, tenant VARCHAR(300) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_conversations PRIMARY KEY (id)
);
CREATE TABLE feedback (
	answer_id VARCHAR(64) NOT NULL, 
	conversation_id VARCHAR(64) NOT NULL, 
	person VARCHAR(64) NOT NULL, 
	course VARCHAR(255) NOT NULL, 
	rating VARCHAR(32) NOT NULL, 
	reason TEXT, 
	given_at BIGINT NOT NULL, 
	CONSTRAINT pk_feedback PRIMARY KEY (answer_id), 
	CONSTRAINT fk_feedback_answer_id FOREIGN KEY(answer_id) REFERENCES turns (answer_id) ON DELETE CASCADE
);
CREATE TABLE jobs (
	number INTEGER NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	material VARCHAR(64) NOT NULL, 
	course VARCHAR(255) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	document_id VARCHAR(255) NOT NULL, 
	person VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	detail TEXT NOT NULL, 
	made_at BIGINT NOT NULL, 
	started_at BIGINT, 
	ended_at BIGINT, 
	worker VARCHAR(64) NOT NULL, 
	lease_until BIGINT NOT NULL, 
	attempts INTEGER NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (number), 
	CONSTRAINT uq_jobs_id UNIQUE (id)
);
CREATE TABLE keys (
	id VARCHAR(16) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	role VARCHAR(32) NOT NULL, 
	courses TEXT, 
	made_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	used_at BIGINT, 
	revoked_at BIGINT, issuer VARCHAR(255), key_set_url TEXT, signing_secret TEXT, users_only BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (id)
);
CREATE TABLE lti_contexts (
	platform_id VARCHAR(16) NOT NULL, 
	deployment_id VARCHAR(255) NOT NULL, 
	context_id VARCHAR(255) NOT NULL, 
	course VARCHAR(255) NOT NULL, 
	mapped_at BIGINT NOT NULL, 
	CONSTRAINT pk_lti_contexts PRIMARY KEY (platform_id, deployment_id, context_id), 
	CONSTRAINT fk_lti_contexts_platform_id FOREIGN KEY(platform_id) REFERENCES lti_platforms (id) ON DELETE CASCADE
);
CREATE TABLE lti_courses (
	course VARCHAR(255) NOT NULL, 
	platform_id VARCHAR(16) NOT NULL, 
	deployment_id VARCHAR(255) NOT NULL, 
	made_at BIGINT NOT NULL, 
	CONSTRAINT pk_lti_courses PRIMARY KEY (course), 
	CONSTRAINT fk_lti_courses_platform_id FOREIGN KEY(platform_id) REFERENCES lti_platforms (id) ON DELETE CASCADE
);
CREATE TABLE lti_invitations (
	digest VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	courses TEXT NOT NULL, 
	frame_origins TEXT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	CONSTRAINT pk_lti_invitations PRIMARY KEY (digest)
);
CREATE TABLE lti_keys (
	id VARCHAR(64) NOT NULL, 
	private_key TEXT NOT NULL, 
	made_at BIGINT NOT NULL, 
	CONSTRAINT pk_lti_keys PRIMARY KEY (id)
);
CREATE TABLE lti_logins (
	state VARCHAR(64) NOT NULL, 
	platform_id VARCHAR(16) NOT NULL, 
	nonce VARCHAR(255) NOT NULL, 
	proof VARCHAR(64) NOT NULL, 
	parameters TEXT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	used_at BIGINT, 
	launch TEXT, 
	CONSTRAINT pk_lti_logins PRIMARY KEY (state), 
	CONSTRAINT fk_lti_logins_platform_id FOREIGN KEY(platform_id) REFERENCES lti_platforms (id) ON DELETE CASCADE
);
CREATE TABLE lti_platforms (
	id VARCHAR(16) NOT NULL, 
	issuer VARCHAR(500) NOT NULL, 
	client_id VARCHAR(255) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	auth_url TEXT NOT NULL, 
	key_set_url TEXT NOT NULL, 
	token_url TEXT, 
	deployments TEXT NOT NULL, 
	frame_origins TEXT NOT NULL, 
	courses TEXT NOT NULL, 
	added_at BIGINT NOT NULL, 
	CONSTRAINT pk_lti_platforms PRIMARY KEY (id), 
	CONSTRAINT uq_lti_platforms_issuer UNIQUE (issuer, client_id)
);
CREATE TABLE removals (
	name VARCHAR(80) NOT NULL, 
	removed_at BIGINT NOT NULL, 
	CONSTRAINT pk_removals PRIMARY KEY (name)
);
CREATE TABLE sites (
	origin VARCHAR(300) NOT NULL, 
	course VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_sites PRIMARY KEY (origin, course)
);
CREATE TABLE slack_channels (
	team VARCHAR(64) NOT NULL, 
	channel VARCHAR(64) NOT NULL, 
	course VARCHAR(255), 
	CONSTRAINT pk_slack_channels PRIMARY KEY (team, channel)
);
CREATE TABLE slack_installations (
	workspace VARCHAR(64) NOT NULL, 
	installation TEXT NOT NULL, 
	CONSTRAINT pk_slack_installations PRIMARY KEY (workspace)
);
CREATE TABLE slack_questions (
	team VARCHAR(64) NOT NULL, 
	channel VARCHAR(64) NOT NULL, 
	ts VARCHAR(32) NOT NULL, 
	thread VARCHAR(32) NOT NULL, 
	member VARCHAR(64) NOT NULL, 
	person VARCHAR(64) NOT NULL, 
	question TEXT NOT NULL, 
	lease_until BIGINT NOT NULL, 
	attempts INTEGER NOT NULL, 
	reply VARCHAR(32), 
	answer_id VARCHAR(64), 
	ended_at BIGINT, 
	CONSTRAINT pk_slack_questions PRIMARY KEY (team, channel, ts)
);
CREATE TABLE slack_seen (
	name VARCHAR(80) NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT pk_slack_seen PRIMARY KEY (name)
);
CREATE TABLE turns (
	number INTEGER NOT NULL, 
	answer_id VARCHAR(64) NOT NULL, 
	conversation_id VARCHAR(64) NOT NULL, 
	asked_at BIGINT NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	standalone_question TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	CONSTRAINT pk_turns PRIMARY KEY (number), 
	CONSTRAINT uq_turns_answer_id UNIQUE (answer_id), 
	CONSTRAINT fk_turns_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);
CREATE TABLE webhook_deliveries (
	number INTEGER NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	webhook_id VARCHAR(16) NOT NULL, 
	answer_id VARCHAR(64) NOT NULL, 
	body TEXT NOT NULL, 
	made_at BIGINT NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_at BIGINT NOT NULL, 
	CONSTRAINT pk_webhook_deliveries PRIMARY KEY (number), 
	CONSTRAINT uq_webhook_deliveries_id UNIQUE (id), 
	CONSTRAINT fk_webhook_deliveries_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE, 
	CONSTRAINT fk_webhook_deliveries_answer_id FOREIGN KEY(answer_id) REFERENCES turns (answer_id) ON DELETE CASCADE
);
CREATE TABLE webhooks (
	id VARCHAR(16) NOT NULL, 
	url TEXT NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	events TEXT NOT NULL, 
	courses TEXT, 
	secret TEXT NOT NULL, 
	made_at BIGINT NOT NULL, 
	disabled_at BIGINT, 
	CONSTRAINT pk_webhooks PRIMARY KEY (id)
);
CREATE INDEX ix_conversations_course_tenant ON conversations (course, tenant);
CREATE INDEX ix_conversations_last_at ON conversations (last_at);
CREATE INDEX ix_conversations_person ON conversations (person);
CREATE INDEX ix_feedback_course ON feedback (course);
CREATE INDEX ix_jobs_ended_at ON jobs (ended_at);
CREATE INDEX ix_jobs_status_material_course ON jobs (status, material, course);
CREATE INDEX ix_lti_contexts_course ON lti_contexts (course);
CREATE INDEX ix_lti_logins_expires_at ON lti_logins (expires_at);
CREATE INDEX ix_removals_removed_at ON removals (removed_at);
CREATE INDEX ix_slack_questions_ended_at ON slack_questions (ended_at);
CREATE INDEX ix_slack_questions_person ON slack_questions (person);
CREATE INDEX ix_slack_questions_team_channel_thread ON slack_questions (team, channel, thread);
CREATE INDEX ix_slack_seen_seen_at ON slack_seen (seen_at);
CREATE INDEX ix_turns_conversation_id_number ON turns (conversation_id, number);
CREATE INDEX ix_webhook_deliveries_answer_id ON webhook_deliveries (answer_id);
CREATE INDEX ix_webhook_deliveries_due_at ON webhook_deliveries (due_at);
CREATE INDEX ix_webhook_deliveries_webhook_id_number ON webhook_deliveries (webhook_id, number);
