"""What follows an end: tags, removal, the closing record, the notification. The only place that removes inputs.

Touches inputs, their copies in the trash, the output's tags, and the records that close a content. Needs the right to
tag and delete inputs, and to tag outputs.
"""
