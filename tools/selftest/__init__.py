"""thing selftest: the library, a device and the cloud examined together, stage by stage, with a report to send in.

device.py   the device: a board on a serial line, or this computer's MicroPython
programs/   what runs on it; each tells what happens in lines of JSON
payload.py  what goes onto it
lab.py      what the account lends for a run: a thing of its own, jobs, a place for firmware
ledger.py   what was made, written down before it is, so that it is found and deleted after any end
stages.py   what is examined; run.py takes one after the other
advisor.py  AWS IoT Core Device Advisor's qualification suite
cost.py     what a run costs on AWS, told before
report.py   the report: JSON, and a page of Markdown
"""
