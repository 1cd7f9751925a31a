import sys

from seaice_tf.cli import main

sys.exit(main())
