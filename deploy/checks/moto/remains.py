"""Says what is left of a stack that Terraform has destroyed; fails if there is anything.

    python remains.py REGION NAME
"""

import os
import sys

from stack import Stack, remains

left = remains(Stack.of(sys.argv[2], sys.argv[1], os.environ["AWS_ENDPOINT_URL"], {}))
for what in left:
    print(f"still there: {what}", file=sys.stderr)
sys.exit(1 if left else 0)
