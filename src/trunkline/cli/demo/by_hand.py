"""Lines to copy: the same calls with curl and with the vendors' SDKs.

Refuses to run them.
"""

LINES = """\
Try it by hand (another terminal; no key is needed on loopback):

  curl {url}/v1/chat/completions \\
    -d '{{"model": "fast", "messages": [{{"role": "user", "content": "What is 17 + 25?"}}]}}'

  curl -N {url}/v1/messages \\
    -d '{{"model": "{model}", "max_tokens": 64, "stream": true, "messages": [{{"role": "user", "content": "Hi!"}}]}}'

  from openai import OpenAI                                     # pip install openai
  client = OpenAI(base_url="{url}/v1", api_key="any")
  messages = [{{"role": "user", "content": "What is 17 + 25?"}}]
  print(client.chat.completions.create(model="busy", messages=messages).choices[0].message.content)

  from anthropic import Anthropic                               # pip install anthropic
  client = Anthropic(base_url="{url}", api_key="any")
  print(client.messages.create(model="{model}", max_tokens=64, messages=messages).content[0].text)

Models: {models}"""


def lines(url: str, models: list[str], *, has_local: bool) -> str:
    """What to type, with the real address and names."""
    offered = [name for name in models if has_local or name != "tiny"]
    return LINES.format(url=url, model="tiny" if has_local else "careful", models=", ".join(offered))
