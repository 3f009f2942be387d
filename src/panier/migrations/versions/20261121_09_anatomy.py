"""Orders: Every line states what it is made of."""

from alembic import op

revision = "20261121_09"
down_revision = "20261121_08"

UP = """
-- What the buyer pays less, by who bears it, and the share of whoever presented; VAT included.
-- list = seller_discount + cofunding + subsidy + goods (paid); base = goods + subsidy.
alter table order_line
  add column list_minor bigint,
  add column seller_discount_minor bigint not null default 0 check (seller_discount_minor >= 0),
  add column cofunding_minor bigint not null default 0 check (cofunding_minor >= 0),
  add column subsidy_minor bigint not null default 0 check (subsidy_minor >= 0),
  add column goods_minor bigint check (goods_minor >= 0),
  add column shipping_subsidy_minor bigint not null default 0 check (shipping_subsidy_minor >= 0),
  add column creator_id uuid,
  add column creator_basis_points int not null default 0,
  add column creator_minor bigint not null default 0 check (creator_minor >= 0);
update order_line set list_minor = unit_minor * quantity, goods_minor = unit_minor * quantity;
alter table order_line
  alter column list_minor set not null,
  alter column goods_minor set not null,
  add check (list_minor = goods_minor + seller_discount_minor + cofunding_minor + subsidy_minor),
  add check (commission_base_minor = goods_minor + subsidy_minor),
  add check (creator_id is not null or creator_minor = 0);

alter table orders
  add column subsidy_minor bigint not null default 0 check (subsidy_minor >= 0),
  add column creators_minor bigint not null default 0 check (creators_minor >= 0),
  drop constraint orders_check,
  add check (vat_minor between 0 and goods_minor + shipping_minor + subsidy_minor),
  -- The seller is never left with less than nothing.
  add check (goods_minor + shipping_minor + subsidy_minor
             >= vat_minor + commission_minor + creators_minor);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(UP)
