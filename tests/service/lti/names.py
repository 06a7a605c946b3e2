"""The names that the specifications of LTI give to claims, messages, roles and kinds of content."""

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
DEEP_LINKING_RESPONSE = "LtiDeepLinkingResponse"
RESOURCE_LINK = "ltiResourceLink"
VERSION = "1.3.0"

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
STAFF = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Staff"
PERSON = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student"

CLAIMS = {
    name: LTI + name
    for name in (
        "message_type",
        "version",
        "deployment_id",
        "target_link_uri",
        "resource_link",
        "roles",
        "context",
        "tool_platform",
        "launch_presentation",
        "custom",
        "lis",
    )
} | {name: DEEP_LINKING + name for name in ("deep_linking_settings", "content_items", "data")}
"""Full names by short ones."""


def full(name: str) -> str:
    """The full name of a claim; one that has no other stays as it is."""
    return CLAIMS.get(name, name)
