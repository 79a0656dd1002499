"""The tables as the migrations below made them step by step, in one (see decision 052)."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('uploads', '0001_initial'),
        ('uploads', '0002_has_thumbnail'),
        ('uploads', '0003_part_in_staging'),
        ('uploads', '0004_final_path_and_content'),
        ('uploads', '0005_retention_of_recordings'),
        ('uploads', '0006_rate'),
    ]

    initial = True

    dependencies = [
        ('access', '0001_squashed_0005_second_factor'),
        ('monitoring', '0001_squashed_0012_due_time_leads_to_entries'),
        ('storage', '0001_squashed_0005_s3'),
    ]

    operations = [
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='upload_allowance', to=settings.AUTH_USER_MODEL)),
                ('most_mb', models.PositiveIntegerField(blank=True, null=True, verbose_name='MB in a file')),
                ('most_open', models.PositiveIntegerField(blank=True, null=True, verbose_name='open sessions')),
                ('most_mb_a_day', models.PositiveIntegerField(blank=True, null=True, verbose_name='MB in a day')),
                ('deletes_recordings', models.BooleanField(default=False, help_text='It may delete its own recordings.', verbose_name='scope recordings:delete')),
            ],
            options={
                'verbose_name': 'upload allowance',
                'verbose_name_plural': 'upload allowances',
            },
        ),
        migrations.CreateModel(
            name='RecordingRetention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='recording_retention', to='access.company')),
                ('days', models.PositiveIntegerField(blank=True, help_text='0 keeps them for ever; empty: as the installation has it.', null=True, verbose_name='days')),
                ('cleanup_stopped', models.CharField(blank=True, default='', max_length=20)),
                ('looked_at', models.DateTimeField(editable=False, null=True)),
                ('cleaned_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'retention of recordings',
                'verbose_name_plural': 'retentions of recordings',
            },
        ),
        migrations.CreateModel(
            name='UploadSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.company')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(choices=[('recording', 'Recording'), ('backup', 'Backup'), ('restore', 'File to restore')], default='recording', max_length=10, verbose_name='kind')),
                ('client_id', models.CharField(blank=True, max_length=200, verbose_name='session of the agent')),
                ('file_name', models.CharField(blank=True, max_length=255, verbose_name='file name')),
                ('file_size', models.BigIntegerField(verbose_name='size in bytes')),
                ('announced_sha256', models.CharField(blank=True, max_length=64, verbose_name='announced sha256')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='sha256')),
                ('connection_info', models.JSONField(default=dict, verbose_name='connection')),
                ('metadata', models.JSONField(default=dict, verbose_name='metadata')),
                ('job_id', models.CharField(blank=True, max_length=200, verbose_name='expected job')),
                ('target', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='storage.storagetarget')),
                ('final_key', models.CharField(blank=True, db_default='', default='', max_length=500, verbose_name='final path')),
                ('content_passed', models.BooleanField(null=True, verbose_name='content check passed')),
                ('content_detail', models.TextField(blank=True, db_default='', default='', verbose_name='content check')),
                ('status', models.CharField(choices=[('created', 'Created'), ('uploading', 'Uploading'), ('uploaded', 'Uploaded'), ('finalizing', 'Finalizing'), ('completed', 'Completed'), ('failed', 'Failed'), ('expired', 'Expired')], default='created', max_length=10, verbose_name='status')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('error_code', models.CharField(blank=True, max_length=40, verbose_name='error code')),
                ('retry_count', models.PositiveIntegerField(default=0, verbose_name='retries')),
                ('retry_at', models.DateTimeField(null=True, verbose_name='next try')),
                ('finalize_at_end', models.BooleanField(default=False, verbose_name='finalized by its last byte')),
                ('result_id', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='file')),
                ('node', models.CharField(blank=True, max_length=100, verbose_name='machine')),
                ('file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='monitoring.trackedfile')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
                ('last_byte_at', models.DateTimeField(null=True, verbose_name='last byte')),
                ('rate', models.FloatField(db_default=0.0, default=0.0, verbose_name='bytes a second')),
                ('expires_at', models.DateTimeField(verbose_name='kept until')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'upload session',
                'verbose_name_plural': 'upload sessions',
                'ordering': ['-created_at', '-id'],
                'indexes': [models.Index(fields=['company', '-created_at', '-id'], name='upload_company_newest'), models.Index(fields=['created_by', '-created_at'], name='upload_sender_newest'), models.Index(fields=['created_by', 'client_id'], name='upload_client_id'), models.Index(fields=['status', 'expires_at'], name='upload_expiry')],
                'constraints': [models.UniqueConstraint(condition=models.Q(models.Q(('client_id', ''), _negated=True), models.Q(('status__in', ['failed', 'expired']), _negated=True)), fields=('created_by', 'client_id', 'file_name', 'file_size', 'announced_sha256'), name='one_session_of_a_file')],
            },
        ),
        migrations.CreateModel(
            name='Recording',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.company')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('session', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='recording', to='uploads.uploadsession')),
                ('stored', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='storage.storedobject')),
                ('file_name', models.CharField(max_length=255, verbose_name='file name')),
                ('size', models.BigIntegerField(verbose_name='size in bytes')),
                ('sha256', models.CharField(max_length=64, verbose_name='sha256')),
                ('content_type', models.CharField(max_length=60, verbose_name='type')),
                ('duration', models.FloatField(null=True, verbose_name='duration in seconds')),
                ('width', models.PositiveIntegerField(null=True, verbose_name='width')),
                ('height', models.PositiveIntegerField(null=True, verbose_name='height')),
                ('damage', models.TextField(blank=True, verbose_name='damage')),
                ('thumbnail', models.BinaryField(null=True, verbose_name='thumbnail')),
                ('connection_info', models.JSONField(default=dict, verbose_name='connection')),
                ('metadata', models.JSONField(default=dict, verbose_name='metadata')),
                ('has_thumbnail', models.BooleanField(default=False)),
                ('con_codigo', models.CharField(blank=True, max_length=100, verbose_name='connection code')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='server')),
                ('ip', models.CharField(blank=True, max_length=100, verbose_name='address')),
                ('wats_user', models.CharField(blank=True, max_length=200, verbose_name='user')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='received')),
                ('deleted_at', models.DateTimeField(editable=False, null=True, verbose_name='deleted')),
            ],
            options={
                'verbose_name': 'recording',
                'verbose_name_plural': 'recordings',
                'ordering': ['-created_at', '-id'],
                'indexes': [models.Index(fields=['company', '-created_at', '-id'], name='recording_company_newest'), models.Index(fields=['created_by', '-created_at'], name='recording_sender_newest'), models.Index(fields=['company', 'con_codigo'], name='recording_con_codigo'), models.Index(fields=['company', 'wats_user'], name='recording_wats_user')],
            },
        ),
        migrations.CreateModel(
            name='Part',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='uploads.uploadsession')),
                ('kind', models.CharField(choices=[('file', 'File'), ('metadata', 'Metadata')], max_length=10, verbose_name='kind')),
                ('size', models.BigIntegerField(null=True, verbose_name='size in bytes')),
                ('received', models.BigIntegerField(default=0, verbose_name='received bytes')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='sha256')),
                ('turn', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'part of an upload',
                'verbose_name_plural': 'parts of uploads',
                'indexes': [models.Index(condition=models.Q(('received__gt', 0)), fields=['session'], name='part_in_staging')],
                'constraints': [models.UniqueConstraint(fields=('session', 'kind'), name='one_part_of_a_kind')],
            },
        ),
    ]
