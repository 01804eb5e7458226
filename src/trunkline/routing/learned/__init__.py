"""What was fitted offline, at work: how good each model will be at a prompt, and when a cheap answer will do.

Refuses to fit anything; needs the extra ``trunkline[routing]`` (numpy), so nobody imports it before a policy is loaded.
"""
