import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """An alert becomes something that opens and is resolved; the columns for it."""

    dependencies = [
        ('monitoring', '0002_work_that_survives'),
        ('access', '0001_initial'),
    ]

    operations = [
        migrations.RenameField(model_name='alert', old_name='title', new_name='subject'),
        migrations.RenameField(model_name='alert', old_name='created_at', new_name='first_seen_at'),
        migrations.AlterField(
            model_name='alert',
            name='subject',
            field=models.CharField(max_length=200, verbose_name='subject'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='first_seen_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='first seen'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='company',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.company'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='key',
            field=models.CharField(max_length=200, verbose_name='key'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='object_type',
            field=models.CharField(blank=True, max_length=60, verbose_name='object type'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='object_id',
            field=models.CharField(blank=True, max_length=60, verbose_name='object id'),
        ),
        migrations.AddField(
            model_name='alert',
            name='severity',
            field=models.CharField(choices=[('info', 'Information'), ('warning', 'Warning'), ('critical', 'Critical')], default='warning', max_length=10, verbose_name='severity'),
        ),
        migrations.AddField(
            model_name='alert',
            name='url',
            field=models.CharField(blank=True, default='', max_length=300, verbose_name='page'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='alert',
            name='about',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='about'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='alert',
            name='recipients',
            field=models.JSONField(blank=True, default=list, verbose_name='recipients'),
        ),
        migrations.AddField(
            model_name='alert',
            name='occurrence',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='last occurrence'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='alert',
            name='count',
            field=models.PositiveIntegerField(default=1, verbose_name='times'),
        ),
        migrations.AddField(
            model_name='alert',
            name='lasting',
            field=models.BooleanField(db_default=True, default=True, verbose_name='ends by itself'),
        ),
        migrations.AddField(
            model_name='alert',
            name='last_seen_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='last seen'),
        ),
        migrations.AddField(
            model_name='alert',
            name='acknowledged_at',
            field=models.DateTimeField(null=True, verbose_name='acknowledged'),
        ),
        migrations.AddField(
            model_name='alert',
            name='acknowledged_by',
            field=models.CharField(blank=True, default='', max_length=200, verbose_name='acknowledged by'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='alert',
            name='snoozed_until',
            field=models.DateTimeField(null=True, verbose_name='snoozed until'),
        ),
        migrations.AddField(
            model_name='alert',
            name='resolved_at',
            field=models.DateTimeField(null=True, verbose_name='resolved'),
        ),
    ]
