from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0005_retention_of_recordings'),
    ]

    operations = [
        migrations.AddField(
            model_name='uploadsession',
            name='rate',
            field=models.FloatField(db_default=0.0, default=0.0, verbose_name='bytes a second'),
        ),
    ]
