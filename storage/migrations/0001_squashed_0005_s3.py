"""The tables as the migrations below made them step by step, in one (see decision 052)."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('storage', '0001_initial'),
        ('storage', '0002_removal'),
        ('storage', '0003_retain_until'),
        ('storage', '0004_orphans'),
        ('storage', '0005_s3'),
    ]

    initial = True

    dependencies = [
        ('access', '0001_squashed_0005_second_factor'),
    ]

    operations = [
        migrations.CreateModel(
            name='StorageTarget',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='storage_targets', to='access.company')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('kind', models.CharField(choices=[('local', 'Local folder'), ('s3', 'S3 bucket')], default='local', max_length=10, verbose_name='kind')),
                ('options', models.JSONField(default=dict, verbose_name='options')),
                ('secret_sealed', models.TextField(blank=True, db_default='', default='', editable=False, verbose_name='sealed secret')),
                ('is_default', models.BooleanField(default=False, verbose_name='used when none is named')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
                ('deleted_at', models.DateTimeField(editable=False, null=True, verbose_name='removed')),
            ],
            options={
                'verbose_name': 'storage target',
                'verbose_name_plural': 'storage targets',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('company', 'name'), name='storage_name_in_a_company', violation_error_message='A storage of this name already exists.'), models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('company',), name='one_default_storage_in_a_company')],
            },
        ),
        migrations.CreateModel(
            name='Orphan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.company')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='orphans', to='storage.storagetarget')),
                ('key', models.CharField(max_length=500, verbose_name='key')),
                ('size', models.BigIntegerField(verbose_name='size in bytes')),
                ('first_seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='first seen')),
                ('counted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='last counted')),
                ('days_seen', models.PositiveIntegerField(db_default=1, default=1, verbose_name='days seen')),
                ('walk', models.UUIDField(editable=False)),
                ('removing_at', models.DateTimeField(editable=False, null=True, verbose_name='being removed')),
            ],
            options={
                'verbose_name': 'orphan',
                'verbose_name_plural': 'orphans',
                'ordering': ['first_seen_at', 'id'],
                'constraints': [models.UniqueConstraint(fields=('target', 'key'), name='one_orphan_of_a_key')],
            },
        ),
        migrations.CreateModel(
            name='StoredObject',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.company')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objects_stored', to='storage.storagetarget')),
                ('key', models.CharField(max_length=500, verbose_name='key')),
                ('size', models.BigIntegerField(verbose_name='size in bytes')),
                ('sha256', models.CharField(max_length=64, verbose_name='sha256')),
                ('state', models.CharField(choices=[('stored', 'Stored'), ('corrupt', 'Corrupt'), ('missing', 'Missing'), ('deleted', 'Deleted')], default='stored', max_length=10, verbose_name='state')),
                ('stored_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='stored')),
                ('checked_at', models.DateTimeField(null=True, verbose_name='checked')),
                ('retain_until', models.DateTimeField(blank=True, null=True, verbose_name='locked until')),
            ],
            options={
                'verbose_name': 'stored object',
                'verbose_name_plural': 'stored objects',
                'ordering': ['-stored_at'],
                'constraints': [models.UniqueConstraint(fields=('target', 'key'), name='one_object_under_a_key')],
            },
        ),
    ]
