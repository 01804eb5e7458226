"""AWS Bedrock's Converse, as a provider's dialect: requests, answers, binary streams and errors.

Knows nothing of keys and signatures, and of the other dialects only what Claude is wherever it is served.
"""

from trunkline.dialects.bedrock_converse.dialect import BedrockConverse

__all__ = ["BedrockConverse"]
