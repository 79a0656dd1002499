"""The admin's forms of a storage target: a folder, or a bucket whose secret is only written."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from storage import s3_options
from storage.models import StorageTarget

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[StorageTarget]
else:
    ModelForm = forms.ModelForm


def _text(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=UnfoldAdminTextInputWidget
    )


def _choice(label: Any, known: Iterable[str], *, empty: bool) -> forms.ChoiceField:
    choices = [(one, one) for one in known]
    return forms.ChoiceField(
        label=label,
        choices=[("", "---------"), *choices] if empty else choices,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


def _number(label: Any, help_text: Any, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=0,
        max_value=most,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )


def _switch(label: Any, help_text: Any = "") -> forms.BooleanField:
    return forms.BooleanField(
        label=label, help_text=help_text, required=False, widget=UnfoldBooleanSwitchWidget
    )


class BucketForm(ModelForm):
    """How a bucket is spoken to. What it is, its row keeps in `options`."""

    endpoint = _text(_("Endpoint"), _("https://HOST:PORT. Empty: Amazon's own."))
    region = _text(_("Region"), _("Empty: us-east-1."))
    bucket = _text(_("Bucket"))
    prefix = _text(  # type: ignore[assignment]  # a field; the form's own prefix stays
        _("Prefix"), _("What all keys begin with. Give each use of a bucket its own.")
    )
    access_key = _text(_("Access key"))
    secret_key = forms.CharField(
        label=_("Secret"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown. Leave it empty to keep the stored one."),
    )
    path_style = _switch(
        _("Path style"), _("HOST/BUCKET in place of BUCKET.HOST: MinIO and others.")
    )
    storage_class = _choice(_("Storage class"), s3_options.STORAGE_CLASSES, empty=True)
    encryption = _choice(_("Encryption there"), s3_options.ENCRYPTIONS, empty=True)
    kms_key = _text(_("KMS key"))
    verify_tls = _switch(_("Check the certificate"))
    ca_certificate = forms.CharField(
        label=_("Certificate of the authority"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("In PEM. Empty: the authorities that this machine knows."),
    )
    part_mb = _number(
        _("Parts of, in MiB"), _("0: they grow with the file."), s3_options.MOST_PART_MB
    )
    lock_days = _number(
        _("Lock for days"),
        _("The bucket keeps each backup so long, whoever asks (Object Lock). 0: never."),
        s3_options.MOST_LOCK_DAYS,
    )
    lock_mode = _choice(_("Lock mode"), s3_options.LOCK_MODES, empty=False)

    class Meta:
        model = StorageTarget
        fields = ["name", "is_default"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {**s3_options.DEFAULTS, **(self.instance.options or {})}
        for name in s3_options.DEFAULTS:
            self.fields[name].initial = known[name]
        if not self.instance._state.adding:
            for name in s3_options.FIXED:
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.errors:
            return found
        try:
            found["options"] = s3_options.checked_options(self._given(found))
        except ValidationError as error:
            self.add_error(None, error)
            return found
        kept = bool(self.instance.secret_sealed) and not self.instance._state.adding
        moved = s3_options.SENT_TO & set(self.changed_data)
        if not found.get("secret_key") and (moved or not kept):
            self.add_error(
                "secret_key", _t("Type the secret: a stored one belongs to the place as it was.")
            )
        return found

    def _given(self, found: dict[str, Any]) -> dict[str, Any]:
        given = {name: found.get(name) for name in s3_options.DEFAULTS}
        text = given["ca_certificate"] or ""
        return {
            **given,
            # Browsers end lines their own way.
            "ca_certificate": text.replace("\r\n", "\n"),
            "part_mb": given["part_mb"] or 0,
            "lock_days": given["lock_days"] or 0,
            "lock_mode": given["lock_mode"] or s3_options.DEFAULTS["lock_mode"],
        }


class NewTargetForm(BucketForm):
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=StorageTarget.Kind,
        widget=UnfoldAdminSelectWidget,
        initial=StorageTarget.Kind.LOCAL,
        required=False,
    )
    folder = _text(
        _("Folder"), _("Full path on this server. It is made when the first backup comes.")
    )

    class Meta:
        model = StorageTarget
        fields = ["company", "name", "is_default"]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("kind") == StorageTarget.Kind.S3:
            return super().clean()
        found = forms.ModelForm.clean(self) or {}
        if not Path(str(found.get("folder") or "")).is_absolute():
            self.add_error("folder", _t("Give the full path, from the root."))
        return found


BUCKET_FIELDS = (
    *("endpoint", "region", "bucket", "prefix", "access_key", "secret_key"),
    *("path_style", "verify_tls", "ca_certificate"),
)
KEPT_FIELDS = ("storage_class", "encryption", "kms_key", "lock_days", "lock_mode", "part_mb")
