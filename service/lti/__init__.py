"""LTI 1.3 Advantage: how an LMS opens Repère inside its courses.

login → the platform signs somebody in → launch → a token in the frame's storage → the views, which use the API.
Source: https://www.imsglobal.org/spec/lti/v1p3 and https://www.imsglobal.org/spec/security/v1p0.
"""
