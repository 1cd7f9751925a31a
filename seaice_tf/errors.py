"""The one exception for what a user can put right."""


class InputError(Exception):
    """Bad data, settings or folder. Its text reads *where: expected ..., got ..., what to do*.

    The command line prints it as one line; everything else that is raised is a defect of ours.
    """
