"""The tables as the migrations below made them step by step, in one (see decision 052)."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('restores', '0001_initial'),
        ('restores', '0002_replace'),
        ('restores', '0003_files_from_elsewhere'),
    ]

    initial = True

    dependencies = [
        ('access', '0001_squashed_0005_second_factor'),
        ('backups', '0001_squashed_0009_expected_job'),
        ('monitoring', '0001_squashed_0012_due_time_leads_to_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReceivedFile',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.company')),
                ('origin', models.CharField(choices=[('upload', 'Upload'), ('path', 'Local path')], default='upload', max_length=10, verbose_name='origin')),
                ('name', models.CharField(max_length=500, verbose_name='name')),
                ('path', models.CharField(blank=True, max_length=4000, verbose_name='path')),
                ('size', models.BigIntegerField(verbose_name='size')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='sha256')),
                ('contents', models.JSONField(default=dict, verbose_name='recognized')),
                ('state', models.CharField(choices=[('here', 'Here'), ('expired', 'Expired'), ('deleted', 'Deleted')], default='here', max_length=10, verbose_name='state')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='received')),
                ('expires_at', models.DateTimeField(null=True, verbose_name='kept until')),
            ],
            options={
                'verbose_name': 'received file',
                'verbose_name_plural': 'received files',
                'ordering': ['-created_at', '-id'],
                'indexes': [models.Index(fields=['company', '-created_at', '-id'], name='received_company_newest'), models.Index(fields=['state', 'expires_at'], name='received_expiry')],
            },
        ),
        migrations.CreateModel(
            name='Restore',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.company')),
                ('backup', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='restores', to='backups.backup')),
                ('received', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='restores', to='restores.receivedfile')),
                ('outside', models.JSONField(default=dict, verbose_name='agreed to')),
                ('server', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='restores', to='backups.database')),
                ('target_name', models.CharField(max_length=63, verbose_name='database')),
                ('mode', models.CharField(choices=[('new', 'Into a new database'), ('replace', 'In place of a database')], default='new', max_length=10, verbose_name='mode')),
                ('options', models.JSONField(default=dict, verbose_name='options')),
                ('preflight', models.JSONField(default=list, verbose_name='looked at beforehand')),
                ('status', models.CharField(choices=[('awaiting_approval', 'Waiting for approval'), ('pending', 'Waiting'), ('running', 'Running'), ('completed', 'Completed'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('undone', 'Undone')], default='pending', max_length=20, verbose_name='status')),
                ('registered', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='restored_by', to='backups.database')),
                ('tables', models.PositiveIntegerField(null=True, verbose_name='tables')),
                ('rows', models.BigIntegerField(null=True, verbose_name='rows')),
                ('counted', models.JSONField(default=dict, verbose_name='counted')),
                ('differences', models.JSONField(default=list, verbose_name='differences')),
                ('file', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='restore', to='monitoring.trackedfile')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                ('completed_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('error_code', models.CharField(blank=True, max_length=40, verbose_name='error code')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('error_detail', models.TextField(blank=True, verbose_name="the tool's own words")),
                ('safety', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='safety_of', to='backups.backup')),
                ('wants_safety', models.BooleanField(default=False, verbose_name='a safety backup is made first')),
                ('safe_at', models.DateTimeField(null=True, verbose_name='the safety backup was good')),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('approved_at', models.DateTimeField(null=True, verbose_name='approved')),
                ('naming_at', models.DateTimeField(null=True, verbose_name='names are changing since')),
                ('new_id', models.BigIntegerField(null=True, verbose_name="the server's id of the restored database")),
                ('old_id', models.BigIntegerField(null=True, verbose_name="the server's id of the replaced database")),
                ('kept_name', models.CharField(blank=True, max_length=63, verbose_name='kept as')),
                ('keep_old_days', models.PositiveIntegerField(default=7, verbose_name='days to keep the old database')),
                ('kept_until', models.DateTimeField(null=True, verbose_name='kept until')),
                ('errand', models.CharField(blank=True, choices=[('undo', 'Being undone'), ('drop', 'The kept one is being dropped')], max_length=10, verbose_name='errand')),
                ('errand_by', models.CharField(blank=True, max_length=200, verbose_name='errand asked for by')),
                ('errand_at', models.DateTimeField(null=True, verbose_name='errand asked for')),
                ('errand_tried_at', models.DateTimeField(null=True, verbose_name='errand tried')),
                ('errand_name', models.CharField(blank=True, max_length=63, verbose_name='to be kept as')),
                ('errand_error', models.TextField(blank=True, verbose_name='why the errand ended')),
            ],
            options={
                'verbose_name': 'restore',
                'verbose_name_plural': 'restores',
                'ordering': ['-created_at', '-id'],
                'indexes': [models.Index(fields=['company', '-created_at', '-id'], name='restore_company_newest'), models.Index(condition=models.Q(('kept_name', ''), _negated=True), fields=['kept_until'], name='restore_kept')],
            },
        ),
    ]
