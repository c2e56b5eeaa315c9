"""The event that all writers append: about 400 bytes of JSON."""

NAME = "cleaning_order.paid"
STATE = (
    '{"timestamp":"2026-11-22T04:00:00.000000Z","stage":"awaiting_assignment",'
    '"by":"system:payments","charge_number":1,"amount_fen":15000,'
    '"payment_id":"7b109293-7a4c-468d-8233-634ff7097611","out_trade_no":"BJ261122-0042-7-C1A1",'
    '"succeeded_at":"2026-11-22T03:59:58.000000Z","remark":"' + "擦玻璃" * 14 + '"}'
)
