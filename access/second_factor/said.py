"""What a person is told of an answer that was not right."""

from django.utils.translation import gettext_lazy as _

from access.second_factor.services import Answer

SENTENCES = {
    Answer.WRONG: _("This code is not right. The phone's clock must be right, too."),
    Answer.USED: _("This code was used already. Wait for the next one."),
    Answer.NEEDS_RECOVERY: _("The phone's codes are refused for now: use a recovery code."),
}
