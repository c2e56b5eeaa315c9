"""Care (月嫂, 保姆, 老人陪护, 医院护工): from the lead to the settlement."""
